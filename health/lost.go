package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// unheard is for a pod that is not ready though its containers are: the kubelet says the one and the other at once, so it was
// the node controller that has taken the pod's readiness back, since the node is not ready or not heard of.
func unheard(p *corev1.Pod) *finding {
	ready, containers := podCondition(p, corev1.PodReady), podCondition(p, corev1.ContainersReady)
	if ready == nil || ready.Status != corev1.ConditionFalse || ready.Reason != "" || containers == nil || containers.Status != corev1.ConditionTrue {
		return nil
	}
	return &finding{
		reason:  NodeRefused,
		message: fmt.Sprintf("node %s is not ready, or not heard of: what runs there counts as not ready", p.Spec.NodeName),
		advice: "See what the node says (kubectl describe node " + p.Spec.NodeName + "); " +
			"where it does not come back, a Deployment makes its pods anew elsewhere after some minutes, and a StatefulSet once the node is deleted.",
	}
}

// kept warns of pods that a strategy keeps at the revision before, though the workload counts as rolled out.
func (v *view) kept(o *unstructured.Unstructured) []Problem {
	id := object.Of(o)
	w := v.workloads[id]
	old := w.Desired - w.Updated
	if w.Status != Current || old <= 0 {
		return nil
	}
	return []Problem{{
		Reason: OldPodsKept, Object: id,
		Message: fmt.Sprintf("%s still runs %s of the revision before, as its updateStrategy asks for", id, plural(old, "pod")),
		Advice:  "Delete them (kubectl delete pod) with the strategy OnDelete, or lower the partition, when they are to be replaced.",
	}}
}
