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

// young tells a ready pod that has not stayed so for the time of proof. One that has crashed has to outlast the run before.
func (s State) young(p *corev1.Pod) bool { return s.Now.Before(s.grown(p)) }

// grown is when p is young no more. Times in objects are of whole seconds, rounded down.
func (s State) grown(p *corev1.Pod) time.Time {
	at := podCondition(p, corev1.PodReady).LastTransitionTime.Add(s.Proof + time.Second)
	for _, c := range p.Status.ContainerStatuses {
		if end := c.LastTerminationState.Terminated; end != nil && end.ExitCode != 0 {
			at = at.Add(min(longestRun, max(0, end.FinishedAt.Sub(end.StartedAt.Time))))
		}
	}
	return at
}

// unasked tells a pod that is ready without a readiness probe having said so of each of its containers.
func unasked(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Spec.Containers, func(c corev1.Container) bool { return c.ReadinessProbe == nil })
}

// relapsing tells a pod that has crashed, and is ready again for too short a time to say that it is over.
func (v *view) relapsing(p *corev1.Pod) bool {
	return v.Proof > 0 && ready(p) && unasked(p) && crashed(p) && v.young(p)
}

// crashed tells a pod one of whose containers has ended with an error before.
func crashed(p *corev1.Pod) bool {
	return slices.ContainsFunc(p.Status.ContainerStatuses, func(c corev1.ContainerStatus) bool {
		end := c.LastTerminationState.Terminated
		return c.RestartCount > 0 && end != nil && end.ExitCode != 0
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
