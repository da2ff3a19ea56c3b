package apply

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/object"
)

var autoscaler = schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}

// yieldReplicas lets autoscalers have the replica count of the workloads that they target, be they in the cluster or in
// the plan: the live count is applied in place of git's, so that an apply never moves it. Leaving the field out instead
// would reset it to 1 until the autoscaler has written it (kubernetes.io, "Server-Side Apply", transferring ownership).
func (a *Applier) yieldReplicas(ctx context.Context, plan *Plan) error {
	scaled := map[object.ID]bool{}
	for namespace := range scalable(plan) {
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(autoscaler)
		err := a.client.List(ctx, list, client.InNamespace(namespace))
		if apierrors.IsForbidden(err) {
			plan.Warnings = append(plan.Warnings, fmt.Sprintf(
				"autoscalers in namespace %s may not be listed: git's replica counts are applied whatever they say", namespace))
			continue
		}
		if err != nil && !meta.IsNoMatchError(err) {
			return err
		}
		for i := range list.Items {
			scaled[target(&list.Items[i])] = true
		}
	}
	for _, c := range plan.Changes {
		if c.ID.GroupKind() == autoscaler.GroupKind() {
			scaled[target(c.Desired)] = true
		}
	}
	for _, c := range plan.Changes {
		if scaled[c.ID] {
			yield(c)
		}
	}
	return nil
}

// scalable are the namespaces in which the plan would set a live object's replica count.
func scalable(plan *Plan) map[string]bool {
	namespaces := map[string]bool{}
	for _, c := range plan.Changes {
		if _, has, _ := unstructured.NestedInt64(c.Desired.Object, "spec", "replicas"); has && c.Before != nil {
			namespaces[c.ID.Namespace] = true
		}
	}
	return namespaces
}

// target returns the ID of the workload that the autoscaler hpa scales, the zero ID if it names none.
func target(hpa *unstructured.Unstructured) object.ID {
	ref, _, _ := unstructured.NestedStringMap(hpa.Object, "spec", "scaleTargetRef")
	version, err := schema.ParseGroupVersion(ref["apiVersion"])
	if err != nil {
		return object.ID{}
	}
	return object.ID{Group: version.Group, Kind: ref["kind"], Namespace: hpa.GetNamespace(), Name: ref["name"]}
}

func yield(c *Change) {
	if c.Before == nil {
		return // a first apply starts with git's count
	}
	c.yielded = true
	if live, has, _ := unstructured.NestedInt64(c.Before.Object, "spec", "replicas"); has {
		_ = unstructured.SetNestedField(c.Desired.Object, live, "spec", "replicas")
	}
}
