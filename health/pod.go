package health

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
)

func comparePods(a, b *corev1.Pod) int {
	return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
}

// active tells a pod that its controller counts: not ended, and not on its way out.
func active(p *corev1.Pod) bool {
	return p.DeletionTimestamp == nil && p.Status.Phase != corev1.PodSucceeded && p.Status.Phase != corev1.PodFailed
}

// ready tells an active pod whose Ready condition is true.
func ready(p *corev1.Pod) bool {
	c := podCondition(p, corev1.PodReady)
	return active(p) && c != nil && c.Status == corev1.ConditionTrue
}

func podCondition(p *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i := range p.Status.Conditions {
		if p.Status.Conditions[i].Type == kind {
			return &p.Status.Conditions[i]
		}
	}
	return nil
}

// mostEnded is how many pods that have ended a workload is shown with, of each revision: a Deployment keeps those that a node
// has put out, and a Job those of all its runs.
const mostEnded = 5

// hasEnded tells a pod that is done, and that nobody has asked to go.
func hasEnded(p *corev1.Pod) bool { return !active(p) && p.DeletionTimestamp == nil }

// latest leaves out of pods those that have ended, but for the newest few.
func latest(pods []*corev1.Pod) []*corev1.Pod {
	var ended []*corev1.Pod
	for _, p := range pods {
		if hasEnded(p) {
			ended = append(ended, p)
		}
	}
	if len(ended) <= mostEnded {
		return pods
	}
	slices.SortStableFunc(ended, func(a, b *corev1.Pod) int { return b.CreationTimestamp.Compare(a.CreationTimestamp.Time) })
	kept := make([]*corev1.Pod, 0, len(pods)-len(ended)+mostEnded)
	for _, p := range pods {
		if !hasEnded(p) {
			kept = append(kept, p)
		}
	}
	return append(kept, ended[:mostEnded]...)
}

// describe is the row of p in a report.
func (v *view) describe(p *corev1.Pod, updated bool) Pod {
	row := Pod{
		Name: p.Name, IP: oneLine(p.Status.PodIP), Node: p.Spec.NodeName, Ready: ready(p), Updated: updated, Status: oneLine(podStatus(p)),
	}
	if found := v.symptom(p); found != nil && active(p) && !row.Ready {
		row.Reason, row.Message = found.reason, found.message
	} else if name := initial(p); name != "" && !row.Ready {
		row.Message = name + " runs, and has not ended"
	}
	return row
}

// podStatus is the STATUS that kubectl get pods prints, for the states that matter here.
func podStatus(p *corev1.Pod) string {
	if p.DeletionTimestamp != nil {
		return "Terminating"
	}
	if p.Status.Reason != "" { // Evicted, NodeLost
		return p.Status.Reason
	}
	for _, c := range containers(p) {
		if w := c.State.Waiting; w != nil && w.Reason != "" {
			return w.Reason
		}
		if t := c.State.Terminated; t != nil && t.Reason != "" && p.Status.Phase != corev1.PodSucceeded && t.ExitCode != 0 {
			return t.Reason
		}
	}
	return cmp.Or(string(p.Status.Phase), string(corev1.PodPending))
}

// containers are the states of p's containers, init containers first: what holds a pod up is found in the first of them.
func containers(p *corev1.Pod) []corev1.ContainerStatus {
	all := make([]corev1.ContainerStatus, 0, len(p.Status.InitContainerStatuses)+len(p.Status.ContainerStatuses))
	return append(append(all, p.Status.InitContainerStatuses...), p.Status.ContainerStatuses...)
}
