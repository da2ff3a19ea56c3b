package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// stale returns the recorded objects that plan no longer has and that are still there, each with the action that
// becomes of it. Ownership takes the record and the live label: an object that only one of them calls ours stays.
func (a *Applier) stale(ctx context.Context, plan *Plan, request Request) ([]*Change, error) {
	wanted := make(map[object.ID]bool, len(plan.Changes))
	for _, c := range plan.Changes {
		wanted[c.ID] = true
	}
	var gone []*Change
	for _, id := range inventory.Stale(request.Recorded, wanted) {
		gone = append(gone, &Change{ID: id, Version: request.Recorded[id].Version, recorded: true})
	}
	err := a.each(ctx, gone, func(ctx context.Context, c *Change) error { return a.lookUp(ctx, c, request) })
	return slices.DeleteFunc(gone, func(c *Change) bool { return c.Before == nil }), err
}

// lookUp reads the object that is to go and says what becomes of it. A kind that the cluster no longer serves has no
// objects.
func (a *Applier) lookUp(ctx context.Context, c *Change, request Request) error {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(schema.GroupVersionKind{Group: c.ID.Group, Version: c.Version, Kind: c.ID.Kind})
	err := a.client.Get(ctx, client.ObjectKey{Namespace: c.ID.Namespace, Name: c.ID.Name}, live)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return err
	}
	c.found(live)
	c.Action = Pruned
	if why := spares(live, request.App); why != "" {
		c.Action, c.Why = Skipped, why
	} else if request.WantedBy != nil {
		c.HandOver(request.WantedBy(c.ID))
	}
	return nil
}

// spares says why an object that has left the commit is not deleted; empty when it is.
func spares(live *unstructured.Unstructured, app string) string {
	switch owner := live.GetLabels()[OwnerLabel]; {
	case live.GetDeletionTimestamp() != nil:
		return waits(live)
	case owner != app:
		return "its label " + OwnerLabel + " says " + fmt.Sprintf("%q", owner)
	}
	return keeps(live)
}

func keeps(live *unstructured.Unstructured) string {
	for _, key := range []string{PruneAnnotation, ReconcileAnnotation} {
		if annotated(live, key, disabled) {
			return key + ": disabled on the live object"
		}
	}
	return ""
}

// Prune deletes the plan's stale objects, namespaces and definitions after all others, and calls report for each, from
// several goroutines. An object that changed since the plan looked is left for the next pass. Deletion is asked for,
// not waited for. The error is [Errors] or ctx's cause; what was not deleted must stay in the inventory.
func (a *Applier) Prune(ctx context.Context, plan *Plan, report func(*Change)) error {
	split := stages(plan.Stale)
	for _, stage := range [][]*Change{split[1], split[0]} {
		err := a.each(ctx, stage, func(ctx context.Context, c *Change) error {
			err := a.delete(ctx, c)
			if err == nil {
				report(c)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (a *Applier) delete(ctx context.Context, c *Change) error {
	if c.Action != Pruned {
		return nil
	}
	uid, version := c.Before.GetUID(), c.Before.GetResourceVersion()
	err := a.client.Delete(ctx, c.Before,
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	return a.confirm(ctx, c)
}

// confirm looks whether the object has really gone, or is held by a finalizer.
func (a *Applier) confirm(ctx context.Context, c *Change) error {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(c.Before.GroupVersionKind())
	err := a.client.Get(ctx, client.ObjectKeyFromObject(c.Before), live)
	if err != nil {
		return client.IgnoreNotFound(err)
	}
	if live.GetUID() == c.Before.GetUID() {
		c.Why = waits(live)
	}
	return nil
}

// waits says what holds an object whose deletion has been asked for.
func waits(live *unstructured.Unstructured) string {
	if held := live.GetFinalizers(); len(held) > 0 {
		return "it goes once these finalizers let it: " + strings.Join(held, ", ")
	}
	return "it is going"
}

// Gone reports whether nothing is left of a stale object that was pruned.
func (c *Change) Gone() bool { return c.Action == Pruned && c.Why == "" }
