package health

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// leanKinds are the kinds of targets that every app has: they are watched and kept as their Go types, which cost a fraction
// of what maps cost to decode and to keep, and are turned into maps when they are judged.
var leanKinds = map[schema.GroupVersionResource]bool{
	appsv1.SchemeGroupVersion.WithResource("deployments"):     true,
	appsv1.SchemeGroupVersion.WithResource("statefulsets"):    true,
	appsv1.SchemeGroupVersion.WithResource("daemonsets"):      true,
	networkingv1.SchemeGroupVersion.WithResource("ingresses"): true,
	serviceResource: true,
}

// keyOf is the key of the watch that shows objects of a namespace as targets.
func keyOf(resource schema.GroupVersionResource, namespace string) sourceKey {
	return sourceKey{resource: resource, namespace: namespace, typed: leanKinds[resource]}
}

// shown is a watched object as a manifest has it; nil when it is none of the kinds of targets. It may share what it holds
// with o, and is not to be changed.
func shown(o any) *unstructured.Unstructured {
	gvk := schema.GroupVersionKind{}
	switch o := o.(type) {
	case *unstructured.Unstructured:
		return o
	case *appsv1.Deployment:
		gvk = appsv1.SchemeGroupVersion.WithKind("Deployment")
	case *appsv1.StatefulSet:
		gvk = appsv1.SchemeGroupVersion.WithKind("StatefulSet")
	case *appsv1.DaemonSet:
		gvk = appsv1.SchemeGroupVersion.WithKind("DaemonSet")
	case *corev1.Service:
		gvk = corev1.SchemeGroupVersion.WithKind("Service")
	case *networkingv1.Ingress:
		gvk = networkingv1.SchemeGroupVersion.WithKind("Ingress")
	default:
		return nil
	}
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		return nil // not for a type of Kubernetes' own
	}
	found := &unstructured.Unstructured{Object: content}
	found.SetGroupVersionKind(gvk)
	return found
}
