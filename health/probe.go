package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probes are those of a container, by the word that the kubelet begins its Events about them with.
func probes(p *corev1.Pod, container string) map[string]*corev1.Probe {
	for _, c := range slices.Concat(p.Spec.InitContainers, p.Spec.Containers) {
		if c.Name == container {
			return map[string]*corev1.Probe{"Readiness": c.ReadinessProbe, "Liveness": c.LivenessProbe, "Startup": c.StartupProbe}
		}
	}
	return nil
}

// failedProbe is what the kubelet said last of a probe of c that failed since then; nil when it said nothing.
func (v *view) failedProbe(p *corev1.Pod, c corev1.ContainerStatus, since time.Time, kinds ...string) *spoken {
	found := v.listen(p.UID, func(e *corev1.Event) bool {
		kind, _, _ := strings.Cut(e.Message, " probe ")
		return aboutContainer(c.Name, eventUnhealthy)(e) && slices.Contains(kinds, kind) && !lastSaid(e).Before(since)
	})
	if found.times == 0 {
		return nil
	}
	kind, _, _ := strings.Cut(found.message, " probe ")
	if probe := probes(p, c.Name)[kind]; probe != nil && probe.Exec != nil {
		found.message = kind + " probe failed: its command says so; what it printed is not shown, since it may hold secrets"
	}
	return &found
}

// killed says that c did not end by itself: its probes or its hook had the kubelet kill it.
func (v *view) killed(p *corev1.Pod, c corev1.ContainerStatus, end *corev1.ContainerStateTerminated) *finding {
	if found := v.killedByProbe(p, c, end); found != nil {
		return found
	}
	return v.unhooked(p, c, end)
}

// killedByProbe says that c did not end by itself: the kubelet killed it, since its liveness or startup probe failed in
// that run. A process that is asked to end does so with one of these codes.
func (v *view) killedByProbe(p *corev1.Pod, c corev1.ContainerStatus, end *corev1.ContainerStateTerminated) *finding {
	if c.RestartCount == 0 || !slices.Contains([]int32{0, 137, 143}, end.ExitCode) {
		return nil
	}
	failed := v.failedProbe(p, c, end.StartedAt.Time, "Liveness", "Startup")
	if failed == nil {
		return nil
	}
	return &finding{reason: ProbeFailing, message: fmt.Sprintf("container %s: %s; killed for it, %s", c.Name, failed.message, plural(int(c.RestartCount), "restart"))}
}

// unready is for a pod all of whose containers run, and that is not ready all the same: a probe fails, or has not
// succeeded yet.
func (v *view) unready(p *corev1.Pod) *finding {
	for _, c := range containers(p) {
		run := c.State.Running
		if run == nil || c.Ready {
			continue
		}
		if failed := v.failedProbe(p, c, run.StartedAt.Time, "Readiness", "Liveness", "Startup"); failed != nil {
			return &finding{reason: ProbeFailing, message: fmt.Sprintf("container %s: %s", c.Name, failed.message)}
		}
		of := probes(p, c.Name)
		switch {
		case of["Startup"] != nil && (c.Started == nil || !*c.Started):
			return &finding{reason: ProbeFailing, message: fmt.Sprintf("container %s runs, and its startup probe has not succeeded", c.Name), doubt: true}
		case of["Readiness"] != nil && c.Started != nil && *c.Started:
			return &finding{reason: ProbeFailing, message: fmt.Sprintf("container %s runs, and its readiness probe has not succeeded", c.Name), doubt: true}
		}
	}
	return v.gateClosed(p)
}

// gateClosed is for a pod whose containers are ready, and that waits for a readiness gate of its own.
func (v *view) gateClosed(p *corev1.Pod) *finding {
	c := podCondition(p, corev1.PodReady)
	if c == nil || c.Status == corev1.ConditionTrue || c.Reason != "ReadinessGatesNotReady" {
		return unheard(p)
	}
	return &finding{reason: ProbeFailing, message: oneLine(c.Message), doubt: true}
}
