package apply

import (
	"context"
	"errors"
	"slices"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// leaving is how long a prune waits for what it has deleted to go: once for ordinary objects, once for the definitions
// and namespaces after them.
const leaving = 3 * time.Second

// Prune deletes the plan's stale objects, in the reverse order of an apply, and calls report for each, from several
// goroutines. It waits a few seconds for them to go and then says of those that are still there what holds them.
//
// One that cannot be deleted does not keep the others: only its definition or its namespace, which would take it along,
// stays as well. The error is [Errors] or ctx's cause; what is not [Change.Gone] must stay in the inventory.
func (a *Applier) Prune(ctx context.Context, plan *Plan, report func(*Change)) error {
	last, rest := pruneOrder(plan.Stale)
	failed, err := a.pruneAll(ctx, rest, report)
	if err != nil {
		return err
	}
	for _, c := range last {
		c.waitFor(rest)
	}
	more, err := a.pruneAll(ctx, [][]*Change{last}, report)
	if err != nil {
		return err
	}
	return sorted(append(failed, more...))
}

// pruneAll deletes the objects of each step after those of the step before, and then waits for all of them. It returns
// what went wrong with single objects, and an error when ctx has ended.
func (a *Applier) pruneAll(ctx context.Context, steps [][]*Change, report func(*Change)) (Errors, error) {
	var failed Errors
	var going []*Change
	note := func(err error) error {
		all, ok := errors.AsType[Errors](err)
		failed = append(failed, all...)
		if ok {
			return nil
		}
		return err
	}
	for _, step := range steps {
		if err := note(a.each(ctx, step, func(ctx context.Context, c *Change) error { return a.delete(ctx, c) })); err != nil {
			return nil, err
		}
		for _, c := range step {
			switch {
			case c.Action != Pruned:
				report(c)
			case c.Why == "":
				going = append(going, c)
			}
		}
	}
	return failed, note(a.await(ctx, going, leaving, report))
}

// delete deletes the object that c saw. One that has changed since is looked at again, and judged anew. A refusal is
// noted on c, too, so that it does not count as gone.
func (a *Applier) delete(ctx context.Context, c *Change) error {
	if c.Action != Pruned {
		return nil
	}
	app, seen := c.Before.GetLabels()[OwnerLabel], c.Before.GetUID()
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		err := a.deleteExactly(ctx, c.Before)
		if !apierrors.IsConflict(err) {
			return err
		}
		live, unread := a.fetch(ctx, c)
		switch {
		case unread != nil:
			return unread
		case live == nil || live.GetUID() != seen:
			return nil // the object that was to go has gone
		}
		if c.doom(live, app); c.Action != Pruned {
			return nil
		}
		return err
	})
	if err != nil {
		c.Why = "not deleted"
	}
	return err
}

// deleteExactly asks for the deletion of live, if it is still as it was read.
func (a *Applier) deleteExactly(ctx context.Context, live *unstructured.Unstructured) error {
	uid, version := live.GetUID(), live.GetResourceVersion()
	return client.IgnoreNotFound(a.client.Delete(ctx, live.DeepCopy(),
		client.Preconditions{UID: &uid, ResourceVersion: &version},
		client.PropagationPolicy(metav1.DeletePropagationBackground)))
}

// waitFor has c kept as long as one of others is still there that its deletion would take along.
func (c *Change) waitFor(others [][]*Change) {
	for _, other := range slices.Concat(others...) {
		if c.Action == Pruned && !other.Gone() && takesAlong(c, other.ID) {
			c.Action, c.Why = Skipped, "it goes once "+other.ID.String()+" has"
		}
	}
}

// Gone reports whether nothing is left of a stale object that was pruned.
func (c *Change) Gone() bool { return c.Action == Pruned && c.Why == "" }
