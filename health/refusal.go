package health

import (
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refused says that o's pods are not let in: by the ReplicaFailure condition of a Deployment, which its controller sets long
// before the progress deadline, and by the Events about whatever else makes pods.
func (v *view) refused(o *unstructured.Unstructured, m members, w Workload) []Problem {
	message, refusals := "", spoken{}
	if o.GroupVersionKind().GroupKind() == gkDeployment {
		if c := conditionOf(o, "ReplicaFailure"); c.Status == string(corev1.ConditionTrue) {
			message = oneLine(c.Message)
		}
		if set := v.currentSet(o); set != nil {
			refusals = v.listen(set.UID, saying(eventFailedCreate))
		}
	} else if refusals = v.listen(o.GetUID(), saying(eventFailedCreate)); isRefusal(refusals.message) && refusals.last.After(newest(m)) {
		message = refusals.message
	}
	if message == "" {
		return nil
	}
	reason := AdmissionDenied
	if strings.Contains(message, "exceeded quota") || strings.Contains(message, "failed quota") {
		reason = QuotaExceeded
	}
	if v.refusedForGood(o, reason, message, refusals) {
		v.claim(w.ID, reason)
	}
	return []Problem{{Reason: reason, Object: w.ID, Message: message, Advice: adviseRefusal(o, reason, message)}}
}

// newest is when the youngest pod of m was made: what was refused before that was let in since.
func newest(m members) time.Time {
	var at time.Time
	for _, p := range slices.Concat(m.current, m.old) {
		if p.CreationTimestamp.After(at) {
			at = p.CreationTimestamp.Time
		}
	}
	return at
}

// isRefusal tells words by which the API server does not let an object in, from those of an accident.
func isRefusal(message string) bool {
	for _, word := range []string{"is forbidden", "denied", "is invalid", "failed calling webhook", "error looking up service account"} {
		if strings.Contains(message, word) {
			return true
		}
	}
	return false
}

// beingTerminated are the API server's words about a namespace that is being deleted.
const beingTerminated = "because it is being terminated"

// refusedForGood tells that the refusal will not end by itself. A StatefulSet and a DaemonSet keep their UID over all their
// revisions, so that Events about them may be about one before: they are never certain.
func (v *view) refusedForGood(o *unstructured.Unstructured, reason Reason, message string, s spoken) bool {
	switch o.GroupVersionKind().GroupKind() {
	case gkDeployment, gkJob:
	default:
		return false
	}
	switch {
	case reason == QuotaExceeded:
		return s.times >= refusalsQuota && s.lasted() >= quotaEnough && !v.makesRoom()
	case strings.Contains(message, "failed calling webhook"), strings.Contains(message, beingTerminated):
		return false // the webhook is down, and may come back; the namespace may be made anew
	case strings.Contains(message, "error looking up service account"), strings.Contains(message, "not found"),
		strings.Contains(message, "no PriorityClass with name"):
		return v.missingForGood(message, s)
	}
	return s.times >= refusalsOfAPI
}

// makesRoom tells that pods of the check are on their way out, or will be when others have come: what they use of a quota
// is then free.
func (v *view) makesRoom() bool {
	for _, p := range v.Pods {
		if p.DeletionTimestamp != nil {
			return true
		}
	}
	for _, t := range v.Targets {
		o := t.newest()
		switch gk := o.GroupVersionKind().GroupKind(); {
		case gk == gkJob && judge(t).status == InProgress:
			return true
		case isWorkload(gk) && slices.ContainsFunc(v.members(o).old, active):
			return true
		}
	}
	return false
}

// adviseRefusal says what to do about a refusal.
func adviseRefusal(o *unstructured.Unstructured, reason Reason, message string) string {
	switch {
	case reason == QuotaExceeded && strings.Contains(message, "must specify"):
		return "Have each container say what the quota counts, in resources.requests or limits, or give the namespace a LimitRange with defaults."
	case reason == QuotaExceeded:
	case strings.Contains(message, beingTerminated):
		return "The namespace is being deleted: wait until it has gone (kubectl get namespace says what holds it), and make it anew."
	case strings.Contains(message, "no PriorityClass with name"):
		return "Add the PriorityClass, or correct the pod template's priorityClassName."
	case strings.Contains(message, "RuntimeClass") && strings.Contains(message, "not found"):
		return "Add the RuntimeClass, or correct the pod template's runtimeClassName."
	case strings.Contains(message, "per Container is"), strings.Contains(message, "per Pod is"):
		return "Keep the containers' requests and limits within the namespace's LimitRange, or change that."
	case strings.Contains(message, "error looking up service account"):
		return "Add the ServiceAccount, or correct the pod template's serviceAccountName."
	case strings.Contains(message, "PodSecurity"):
		return "Change the pod template so that it meets the Pod Security level of the namespace, or change that policy."
	case strings.Contains(message, "failed calling webhook"):
		return "See why the admission webhook does not answer: its Service, its pods, its certificate."
	}
	return advice(reason, o, message)
}

// failure is the problem of a workload that has failed for good when nothing more is known of its pods.
func failure(o *unstructured.Unstructured, w Workload) Problem {
	p := Problem{Reason: DeadlineExceeded, Object: w.ID, Message: w.Message}
	switch o.GroupVersionKind().GroupKind() {
	case gkJob:
		p.Reason = JobFailed
	case gkDeployment:
		if c := conditionOf(o, "Progressing"); c.Message != "" {
			p.Message = oneLine(c.Message)
		}
	default:
		p.Reason = Stalled
	}
	p.Advice = advice(p.Reason, o, p.Message)
	return p
}
