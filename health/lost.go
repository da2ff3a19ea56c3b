package health

import (
	"fmt"
	"slices"
	"time"

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

// goneEnough is how long after the end of its grace period a pod may be there that is to go, until that is told.
const goneEnough = 30 * time.Second

// goesBy is when p should have gone at the latest; zero for one that nobody has asked to go.
func goesBy(p *corev1.Pod) time.Time {
	if p.DeletionTimestamp == nil {
		return time.Time{}
	}
	return p.DeletionTimestamp.Add(goneEnough) // the API server has added its grace period
}

// replacesGone tells a workload that makes no other pod in the place of one that is to go before it has gone: there is never a
// second of a StatefulSet's names, of a DaemonSet on a node, nor of a Deployment that replaces all pods at once.
func replacesGone(o *unstructured.Unstructured) bool {
	switch o.GroupVersionKind().GroupKind() {
	case gkStatefulSet, gkDaemonSet:
		return true
	case gkDeployment:
		return text(o, "spec", "strategy", "type") == "Recreate"
	}
	return false
}

// undead is the problem of such a workload one of whose pods is to go and does not, as its node is lost.
func (v *view) undead(o *unstructured.Unstructured, m members, w Workload) []Problem {
	if !replacesGone(o) {
		return nil
	}
	for _, p := range slices.Concat(m.current, m.old) {
		if by := goesBy(p); by.IsZero() || v.Now.Before(by) {
			continue
		}
		holder := "node " + p.Spec.NodeName + " has not confirmed that it has ended"
		advice := "See whether its node is there and Ready; where that is gone for good, delete the Node, " +
			"or give it the taint node.kubernetes.io/out-of-service: the pod goes then, and its volumes are let go of."
		if held := p.Finalizers; len(held) > 0 {
			holder = "these finalizers hold it: " + listed(held)
			advice = "See whether the controllers run that put these finalizers on it, and are to take them away when they are done."
		}
		return []Problem{{
			Reason: NodeRefused, Object: w.ID, Pods: []string{p.Name},
			Message: fmt.Sprintf("%s is to go, and %s: until then no other is made in its place", p.Name, holder),
			Advice:  advice,
		}}
	}
	return nil
}

// undeadDue is when the next pod will be there for too long that is to go; zero when there is none.
func (s State) undeadDue() time.Time {
	var next time.Time
	for _, p := range s.Pods {
		if by := goesBy(p); s.Now.Before(by) && (next.IsZero() || by.Before(next)) {
			next = by
		}
	}
	return next
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
