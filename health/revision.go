package health

import (
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// members are the pods of one workload, active or not, by revision.
type members struct {
	current, old []*corev1.Pod
	unseen       string // what the watches do not show yet, so that nothing can be said; empty when they do
}

// members finds the pods of o through their controllers, and tells those of the revision that o asks for.
func (v *view) members(o *unstructured.Unstructured) members {
	switch o.GroupVersionKind().GroupKind() {
	case gkDeployment:
		return v.deploymentMembers(o)
	case gkStatefulSet:
		revision := text(o, "status", "updateRevision")
		return split(v.podsOf[o.GetUID()], func(p *corev1.Pod) bool {
			return p.Labels[appsv1.ControllerRevisionHashLabelKey] == revision
		})
	case gkDaemonSet:
		return v.daemonSetMembers(o)
	}
	return members{current: v.podsOf[o.GetUID()]}
}

// split sorts pods by whether they are of the current revision.
func split(all []*corev1.Pod, isCurrent func(*corev1.Pod) bool) members {
	var m members
	for _, p := range all {
		if isCurrent(p) {
			m.current = append(m.current, p)
		} else {
			m.old = append(m.old, p)
		}
	}
	return m
}

// revisionAnnotation numbers the template of a Deployment and of its ReplicaSets.
const revisionAnnotation = "deployment.kubernetes.io/revision"

// deploymentMembers takes the ReplicaSet whose revision is the Deployment's own: the Deployment's controller writes both
// numbers before it says that it has observed a generation.
func (v *view) deploymentMembers(o *unstructured.Unstructured) members {
	var m members
	revision := o.GetAnnotations()[revisionAnnotation]
	m.unseen = "its ReplicaSet of revision " + revision
	for _, set := range v.setsOf[o.GetUID()] {
		if revision != "" && set.Annotations[revisionAnnotation] == revision {
			m.unseen = ""
			m.current = append(m.current, v.podsOf[set.UID]...)
		} else {
			m.old = append(m.old, v.podsOf[set.UID]...)
		}
	}
	switch {
	case revision == "":
		m.unseen = "its first ReplicaSet"
	case flag(o, "spec", "paused") && integer(o, 0, "status", "updatedReplicas") == 0:
		m.old, m.current = append(m.old, m.current...), nil // there is no revision of the newest template yet
	}
	return m
}

// currentSet is the ReplicaSet of a Deployment's own revision; nil of any other kind, and where it is not there yet.
func (v *view) currentSet(o *unstructured.Unstructured) *appsv1.ReplicaSet {
	if o.GroupVersionKind().GroupKind() != gkDeployment || o.GetAnnotations()[revisionAnnotation] == "" {
		return nil
	}
	for _, set := range v.setsOf[o.GetUID()] {
		if set.Annotations[revisionAnnotation] == o.GetAnnotations()[revisionAnnotation] {
			return set
		}
	}
	return nil
}

// suspects are the pods of m that o waits for. Pods that are being replaced are no cause, whatever ails them.
func (v *view) suspects(o *unstructured.Unstructured, m members) []*corev1.Pod {
	if all := desired(o); rolls(o, all) < all {
		return slices.Concat(m.current, m.old)
	}
	return m.current
}

// daemonSetMembers takes a pod for current by either of the two marks that the DaemonSet controller goes by: the template
// generation, or the hash of the newest ControllerRevision, which alone holds for pods that a rolled back template fits.
func (v *view) daemonSetMembers(o *unstructured.Unstructured) members {
	var newest *appsv1.ControllerRevision
	for _, revision := range v.revisionsOf[o.GetUID()] {
		if newest == nil || revision.Revision > newest.Revision {
			newest = revision
		}
	}
	if newest == nil {
		return members{old: v.podsOf[o.GetUID()], unseen: "its first ControllerRevision"}
	}
	hash := newest.Labels[appsv1.ControllerRevisionHashLabelKey]
	generation := o.GetAnnotations()[appsv1.DeprecatedTemplateGeneration]
	return split(v.podsOf[o.GetUID()], func(p *corev1.Pod) bool {
		return p.Labels[appsv1.ControllerRevisionHashLabelKey] == hash ||
			generation != "" && p.Labels["pod-template-generation"] == generation
	})
}

// rolls says how many of desired pods must be of the current revision. A StatefulSet with a partition leaves the pods
// below it as they are, and an OnDelete strategy leaves all of them to whoever deletes pods.
func rolls(o *unstructured.Unstructured, desired int) int {
	if text(o, "spec", "updateStrategy", "type") == "OnDelete" {
		return 0
	}
	if o.GetKind() == gkStatefulSet.Kind {
		return max(0, desired-integer(o, 0, "spec", "updateStrategy", "rollingUpdate", "partition"))
	}
	return desired
}
