package health

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
)

// trouble is how much of a watched object a report must not be late to tell: the more there is, the worse. What is not there
// has none. Endpoints count the other way round, so that one that is lost is more of it.
func trouble(o any) int {
	switch o := o.(type) {
	case *corev1.Pod:
		return podTrouble(o)
	case *corev1.Event:
		return one(slices.Contains(readEvents, o.Reason))
	case *appsv1.ReplicaSet:
		return one(slices.ContainsFunc(o.Status.Conditions, func(c appsv1.ReplicaSetCondition) bool {
			return c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue
		}))
	case *appsv1.Deployment:
		return one(slices.ContainsFunc(o.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
			return c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue ||
				c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionFalse
		}))
	case *discoveryv1.EndpointSlice:
		served := 0
		for _, e := range o.Endpoints {
			served -= one(isReady(e))
		}
		return served
	}
	return 0
}

// podTrouble counts what speaks against a pod: that no node takes it, that it has ended, containers that cannot start, and
// each time that one had to be started again.
func podTrouble(p *corev1.Pod) int {
	scheduled := podCondition(p, corev1.PodScheduled)
	n := one(p.Status.Phase == corev1.PodFailed) + one(scheduled != nil && scheduled.Status == corev1.ConditionFalse)
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		n += int(c.RestartCount) + one(stuck(c.State.Waiting)) + one(c.State.Terminated != nil && c.State.Terminated.ExitCode != 0)
	}
	return n
}

// stuck tells a container that waits for something else than its turn.
func stuck(waits *corev1.ContainerStateWaiting) bool {
	return waits != nil && waits.Reason != "" && waits.Reason != "ContainerCreating" && waits.Reason != "PodInitializing"
}

// one is 1 for what is so.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}
