package health

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// refused reads the ReplicaFailure condition of a Deployment: its pods were not let in. The controller sets it long
// before the progress deadline.
func refused(o *unstructured.Unstructured, w Workload) []Problem {
	c := conditionOf(o, "ReplicaFailure")
	if c.Status != string(corev1.ConditionTrue) {
		return nil
	}
	reason := AdmissionDenied
	if strings.Contains(c.Message, "exceeded quota") || strings.Contains(c.Message, "failed quota") {
		reason = QuotaExceeded
	}
	return []Problem{{Reason: reason, Object: w.ID, Message: c.Message, Advice: advice(reason, o, c.Message)}}
}

// failure is the problem of a workload that has failed for good when nothing more is known of its pods.
func failure(o *unstructured.Unstructured, w Workload) Problem {
	p := Problem{Reason: DeadlineExceeded, Object: w.ID, Message: w.Message}
	switch o.GroupVersionKind().GroupKind() {
	case gkJob:
		p.Reason = JobFailed
	case gkDeployment:
		if c := conditionOf(o, "Progressing"); c.Message != "" {
			p.Message = c.Message
		}
	default:
		p.Reason = Stalled
	}
	p.Advice = advice(p.Reason, o, p.Message)
	return p
}
