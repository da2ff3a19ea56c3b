package health

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

// initial names the init container of p that runs, and that the containers after it wait for; empty when there is none. Nothing
// says that it hangs, only that nothing else keeps the pod.
func initial(p *corev1.Pod) string {
	if !active(p) {
		return ""
	}
	for _, c := range p.Status.InitContainerStatuses {
		sidecar := slices.ContainsFunc(p.Spec.InitContainers, func(spec corev1.Container) bool { return spec.Name == c.Name && isSidecar(spec) })
		if c.State.Running != nil && !sidecar {
			return "init container " + c.Name
		}
	}
	return ""
}

// initializing says of which pod an init container runs, the first by name; without a pod when there is none.
func initializing(pods []*corev1.Pod) (phrase, pod string) {
	for _, p := range pods {
		if name := initial(p); name != "" && !ready(p) {
			return fmt.Sprintf("; %s of %s runs, and has not ended", name, p.Name), p.Name
		}
	}
	return "", ""
}

// overdue adds to a problem that knows no more than that it took too long which init container has not ended.
func overdue(p Problem, m members) Problem {
	phrase, pod := initializing(m.current)
	if p.Reason != DeadlineExceeded || phrase == "" {
		return p
	}
	p.Message, p.Pods = p.Message+phrase, []string{pod}
	p.Advice = advice(p.Reason, nil, p.Message)
	return p
}
