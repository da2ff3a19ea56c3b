package health

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// A ref is what an object is looked up by. A change wakes only the checks that looked there, so that what a check costs
// depends on its own objects, and not on all pods of a namespace.
func refName(name string) string        { return "name:" + name }
func refOwner(uid types.UID) string     { return "owner:" + string(uid) }
func refService(name string) string     { return "service:" + name }
func refInvolved(uid types.UID) string  { return "involved:" + string(uid) }
func refLabel(key, value string) string { return "label:" + key + "=" + value }

// refAll stands for all objects of a source.
const refAll = "all"

// refs are those that o stands under: what the kinds are asked for, and no more.
func refs(o any) []string {
	switch o := o.(type) {
	case *unstructured.Unstructured:
		return append(owned(o), refName(o.GetName()))
	case *appsv1.Deployment, *appsv1.StatefulSet, *appsv1.DaemonSet, *corev1.Service, *networkingv1.Ingress:
		return []string{refName(o.(metav1.Object).GetName())}
	case *corev1.Pod:
		found := owned(o)
		for key, value := range o.Labels {
			found = append(found, refLabel(key, value))
		}
		return found
	case *corev1.Event:
		return []string{refInvolved(o.InvolvedObject.UID)}
	case *corev1.PersistentVolumeClaim:
		return []string{refName(o.Name)}
	case *appsv1.ReplicaSet:
		return owned(o)
	case *appsv1.ControllerRevision:
		return owned(o)
	case *discoveryv1.EndpointSlice:
		return []string{refService(o.Labels[discoveryv1.LabelServiceName])}
	}
	return nil
}

func owned(o metav1.Object) []string {
	if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
		return []string{refOwner(owner.UID)}
	}
	return nil
}
