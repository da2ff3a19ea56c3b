package health

import (
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// DefaultProof is how long a pod has to stay ready that no readiness probe asks, before its workload counts as complete.
// The kubelet calls a container ready as soon as it runs, also one that is about to end with an error: in the moments
// between two crashes it would serve.
const DefaultProof = 3 * time.Second

// longestRun is how long a run before a crash may have been to count as a loop: the next one has to last longer.
const longestRun = 30 * time.Second

// mostDoublings bounds how often the time of proof is doubled: [longestRun] bounds what comes of it.
const mostDoublings = 8

// unproven tells a workload of which nothing but the start of its containers says that they work: pods of its revision
// that no probe asks, none of which has stayed ready for the time of proof, or one that has crashed and is back for less
// than that. Pods that a scale adds are proven by those that there are.
func (v *view) unproven(m members) bool {
	if v.Proof == 0 {
		return false
	}
	young, proven := false, false
	for _, p := range m.current {
		switch {
		case !ready(p) || !unasked(p):
		case !v.young(p):
			proven = true
		case v.relapsing(p):
			return true
		default:
			young = true
		}
	}
	return young && !proven
}

// young tells a ready pod that has not stayed so for the time of proof. One whose container has ended has to outlast the
// run before, and stay twice as long with each time, as the kubelet waits: news of a crash may come late from a busy node.
func (s State) young(p *corev1.Pod) bool { return s.Now.Before(s.grown(p)) }

// grown is when p is young no more. Times in objects are of whole seconds, rounded down.
func (s State) grown(p *corev1.Pod) time.Time {
	at := podCondition(p, corev1.PodReady).LastTransitionTime.Time
	var started time.Time
	for _, c := range lasting(p) {
		run := c.State.Running
		if run != nil && run.StartedAt.After(started) {
			started = run.StartedAt.Time
		}
		if run != nil && c.RestartCount > 0 && started.After(at) {
			at = started // a kubelet that is busy may not have told the moment between two runs
		}
	}
	if late := at.Sub(started); !started.IsZero() && late > time.Second {
		at = at.Add(min(longestRun, 2*late)) // as late as it has told of the start it tells of the end
	}
	at = at.Add(s.Proof + time.Second)
	for _, c := range lasting(p) {
		if end := c.LastTerminationState.Terminated; end != nil {
			at = at.Add(min(longestRun, max(0, end.FinishedAt.Sub(end.StartedAt.Time))+s.Proof<<min(c.RestartCount, mostDoublings)))
		}
	}
	return at
}

// unasked tells a pod that is ready without a readiness probe having said so of each of its containers; of a sidecar its
// startup probe counts as well.
func unasked(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.ReadinessProbe == nil }) ||
		slices.ContainsFunc(p.Spec.InitContainers, func(c corev1.Container) bool {
			return isSidecar(c) && c.ReadinessProbe == nil && c.StartupProbe == nil
		})
}

// isSidecar tells an init container that runs as long as the pod does.
func isSidecar(c corev1.Container) bool {
	return c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
}

// lasting are the states of p's containers that run as long as the pod does.
func lasting(p *corev1.Pod) []corev1.ContainerStatus {
	all := slices.Clone(p.Status.ContainerStatuses)
	for _, c := range p.Status.InitContainerStatuses {
		if slices.ContainsFunc(p.Spec.InitContainers, func(spec corev1.Container) bool { return spec.Name == c.Name && isSidecar(spec) }) {
			all = append(all, c)
		}
	}
	return all
}

// relapsing tells a pod that has crashed, and is ready again for too short a time to say that it is over.
func (v *view) relapsing(p *corev1.Pod) bool {
	return v.Proof > 0 && ready(p) && unasked(p) && crashed(p) && v.young(p)
}

// crashed tells a pod one of whose containers has ended before, with an error or where it should have gone on.
func crashed(p *corev1.Pod) bool {
	return slices.ContainsFunc(lasting(p), func(c corev1.ContainerStatus) bool {
		return c.RestartCount > 0 && c.LastTerminationState.Terminated != nil
	})
}

// proofDue is when the next pod will have stayed ready for the time of proof; zero when there is none.
func (s State) proofDue() time.Time {
	var next time.Time
	for _, p := range s.Pods {
		if s.Proof == 0 || !ready(p) || !unasked(p) || !s.young(p) {
			continue
		}
		if at := s.grown(p); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}
