package health

import (
	corev1 "k8s.io/api/core/v1"
)

// unscheduled says why p has no node, in the scheduler's words; nil when it has one, or the scheduler has not spoken.
func (v *view) unscheduled(p *corev1.Pod) *finding {
	message := ""
	c := podCondition(p, corev1.PodScheduled)
	switch {
	case c != nil && c.Status == corev1.ConditionTrue:
		return nil
	case c != nil && c.Reason == corev1.PodReasonSchedulingGated:
		return &finding{reason: Unschedulable, message: oneLine(c.Message), advice: "Wait for whoever put the scheduling gate on the pod to take it away."}
	case c != nil && c.Reason == corev1.PodReasonUnschedulable:
		message = oneLine(c.Message)
	default:
		failed := v.listen(p.UID, saying(eventFailedScheduling))
		if failed.times == 0 || p.Spec.NodeName != "" {
			return nil
		}
		message = failed.message
	}
	if waitsForClaim(message) && insufficient.FindString(message) == "" {
		if found := v.unbound(p); found != nil {
			return found
		}
		return &finding{reason: VolumePending, message: message}
	}
	return &finding{reason: Unschedulable, message: message}
}
