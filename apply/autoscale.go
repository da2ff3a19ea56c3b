package apply

import (
	"context"
	"fmt"
	"maps"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// handoverManager is the field manager that has a replica count between us and an autoscaler.
const handoverManager = FieldManager + "-handover"

var autoscaler = schema.GroupVersionKind{Group: "autoscaling", Version: "v2", Kind: "HorizontalPodAutoscaler"}

// yieldReplicas lets autoscalers have the replica count of the workloads that they target, be they in the cluster or in
// the plan: the field is left out of the apply. See [Applier.handOver] for how it is let go of.
func (a *Applier) yieldReplicas(ctx context.Context, plan *Plan, request Request) error {
	scaled := map[object.ID]mirror.Autoscaler{}
	for namespace := range scalable(plan) {
		targets, err := a.autoscalers(ctx, namespace, plan)
		if err != nil {
			return err
		}
		maps.Copy(scaled, targets)
	}
	forget(scaled, plan, request)
	for _, c := range plan.Changes {
		if c.ID.GroupKind() == autoscaler.GroupKind() {
			hpa := mirror.AutoscalerOf(c.Desired)
			scaled[hpa.Target] = hpa
		}
	}
	for _, c := range plan.Changes {
		if hpa, is := scaled[c.ID]; is {
			yield(c, hpa, plan)
		}
	}
	return nil
}

// forget drops the autoscalers that the commit no longer has: they go, and git's number counts again.
func forget(scaled map[object.ID]mirror.Autoscaler, plan *Plan, request Request) {
	wanted := map[object.ID]bool{}
	for _, c := range plan.Changes {
		wanted[c.ID] = true
	}
	maps.DeleteFunc(scaled, func(target object.ID, hpa mirror.Autoscaler) bool {
		id := object.ID{Group: autoscaler.Group, Kind: autoscaler.Kind, Namespace: target.Namespace, Name: hpa.Name}
		_, recorded := request.Recorded[id]
		return request.Prune && recorded && !wanted[id]
	})
}

// autoscalers returns those of a namespace by their targets. They are listed where they cannot be watched; that they may
// not even be listed is a warning.
func (a *Applier) autoscalers(ctx context.Context, namespace string, plan *Plan) (map[object.ID]mirror.Autoscaler, error) {
	if a.mirror != nil {
		if targets, known := a.mirror.Autoscalers(ctx, namespace); known {
			return targets, nil
		}
	}
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(autoscaler)
	err := a.client.List(ctx, list, client.InNamespace(namespace))
	if apierrors.IsForbidden(err) {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf(
			"autoscalers in namespace %s may not be listed: git's replica counts are applied whatever they say", namespace))
		return nil, nil
	}
	if err != nil && !meta.IsNoMatchError(err) {
		return nil, err
	}
	targets := map[object.ID]mirror.Autoscaler{}
	for i := range list.Items {
		hpa := mirror.AutoscalerOf(&list.Items[i])
		targets[hpa.Target] = hpa
	}
	return targets, nil
}

// scalable are the namespaces in which the plan has, or has had, a workload with a replica count.
func scalable(plan *Plan) map[string]bool {
	namespaces := map[string]bool{}
	for _, c := range plan.Changes {
		if countOf(c.Desired) != nil || c.seen != nil && c.seen.Replicas {
			namespaces[c.ID.Namespace] = true
		}
	}
	return namespaces
}

// countOf is the object's replica count, nil when it has none.
func countOf(o *unstructured.Unstructured) *int64 {
	if o == nil {
		return nil
	}
	count, has, err := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if !has || err != nil {
		return nil
	}
	return &count
}

// yield leaves the replica count of c to hpa.
func yield(c *Change, hpa mirror.Autoscaler, plan *Plan) {
	c.yielded, c.count = true, countOf(c.Desired)
	unstructured.RemoveNestedField(c.Desired.Object, "spec", "replicas")
	if c.count != nil && (*c.count < hpa.Min || *c.count > hpa.Max) {
		plan.Warnings = append(plan.Warnings, fmt.Sprintf(
			"%s:%d: %s asks for replicas: %d, and the autoscaler %s for %d to %d: the autoscaler decides",
			c.File, c.Line, c.ID, *c.count, hpa.Name, hpa.Min, hpa.Max))
	}
}

// withCount is what is sent of c while the replica count is still ours: count in place of the field that was left out.
func (c *Change) withCount(count *int64) *unstructured.Unstructured {
	sent := c.Desired.DeepCopy()
	if count != nil {
		_ = unstructured.SetNestedField(sent.Object, *count, "spec", "replicas")
	}
	return sent
}

// letGo sees to it that the replica count is not ours where an autoscaler is to have it, before it is left out of an apply.
func (a *Applier) letGo(ctx context.Context, c *Change) error {
	switch {
	case !c.yielded:
		return nil
	case c.seen != nil && c.seen.Replicas:
		return a.handOver(ctx, c)
	case c.seen == nil && c.count != nil:
		if _, err := a.patch(ctx, c, c.withCount(c.count)); err != nil {
			return err
		}
		return a.handOver(ctx, c)
	}
	return nil
}

// handOver lets go of a replica count that is ours, so that it never drops: left out of our next apply it would be reset
// to the default, 1, until the autoscaler writes it. So another manager applies the live count first, whose field it then
// stays. See https://kubernetes.io/docs/reference/using-api/server-side-apply/#transferring-ownership. A conflict means
// that the autoscaler has written in between, and so has it already.
func (a *Applier) handOver(ctx context.Context, c *Change) error {
	live, err := a.fetch(ctx, c)
	if err != nil || live == nil || countOf(live) == nil || !mirror.Of(live).Replicas {
		return err
	}
	held := &unstructured.Unstructured{Object: map[string]any{"spec": map[string]any{"replicas": *countOf(live)}}}
	held.SetGroupVersionKind(c.Desired.GroupVersionKind())
	held.SetNamespace(c.ID.Namespace)
	held.SetName(c.ID.Name)
	err = a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(held), client.FieldOwner(handoverManager))
	if apierrors.IsConflict(err) {
		return nil
	}
	return err
}
