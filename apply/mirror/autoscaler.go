package mirror

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// autoscalers is the resource of HorizontalPodAutoscalers.
var autoscalers = schema.GroupVersionResource{Group: "autoscaling", Version: "v2", Resource: "horizontalpodautoscalers"}

// Autoscaler is a HorizontalPodAutoscaler, in the cluster or in a manifest.
type Autoscaler struct {
	Name     string
	Target   object.ID // the workload whose replica count it has; the zero ID when it names none
	Min, Max int64     // its bounds; of Min, 1 is the default
	Deleting bool
}

// AutoscalerOf reads the HorizontalPodAutoscaler o, whoever made it.
func AutoscalerOf(o *unstructured.Unstructured) Autoscaler {
	is := Autoscaler{Name: o.GetName(), Min: 1, Deleting: o.GetDeletionTimestamp() != nil}
	if least, found, _ := unstructured.NestedInt64(o.Object, "spec", "minReplicas"); found {
		is.Min = least
	}
	is.Max, _, _ = unstructured.NestedInt64(o.Object, "spec", "maxReplicas")
	ref, _, _ := unstructured.NestedStringMap(o.Object, "spec", "scaleTargetRef")
	version, err := schema.ParseGroupVersion(ref["apiVersion"])
	if err == nil && ref["name"] != "" {
		is.Target = object.ID{Group: version.Group, Kind: ref["kind"], Namespace: o.GetNamespace(), Name: ref["name"]}
	}
	return is
}

func readAutoscaler(o metav1.Object, _ Autoscaler) Autoscaler {
	content, ok := o.(*unstructured.Unstructured)
	if !ok {
		return Autoscaler{}
	}
	return AutoscalerOf(content)
}
