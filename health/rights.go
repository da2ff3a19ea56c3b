package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Watches says what a gate has to list and watch for the sake of an object: the objects of its own kind, unless it is
// healthy once it is there, and resources that show what has become of it. All are in the object's namespace.
func Watches(o *unstructured.Unstructured) (own bool, others []schema.GroupResource) {
	gk := o.GroupVersionKind().GroupKind()
	for _, resource := range shownBy(o, gk) {
		others = append(others, resource.GroupResource())
	}
	return !passive(gk), others
}

// shownBy are the resources that show what has become of an object: those that a session gathers behind it.
func shownBy(o *unstructured.Unstructured, gk schema.GroupKind) []schema.GroupVersionResource {
	switch gk {
	case gkDeployment:
		return []schema.GroupVersionResource{setResource, podResource}
	case gkDaemonSet:
		return []schema.GroupVersionResource{revisionResource, podResource}
	case gkStatefulSet, gkJob, gkReplicaSet, gkReplicationController:
		return []schema.GroupVersionResource{podResource}
	case gkService:
		return []schema.GroupVersionResource{sliceResource, podResource}
	case gkPersistentVolumeClaim, gkCronJob:
		return nil
	}
	if len(backendsOf(o)) > 0 {
		return []schema.GroupVersionResource{serviceResource}
	}
	return nil
}
