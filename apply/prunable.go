package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// holdings are all that the decision rests on which objects an app has too many. It is a question to no cluster: who
// changes it can be held against what must always be true of the answer.
type holdings struct {
	app      string
	recorded map[object.ID]inventory.Entry
	wanted   map[object.ID]bool
	found    map[object.ID]finding // of every recorded object that is not wanted
}

// finding is what a look at one object came to.
type finding struct {
	live *unstructured.Unstructured // nil if it is not there
	err  error
}

var errNotLooked = errors.New("not looked up")

// stale returns the recorded objects that are no longer wanted and still there, sorted, each with what becomes of it.
// Ownership takes the record and the live label: an object that only one of them calls ours stays. As long as one look
// failed there is no answer at all.
func (h holdings) stale() ([]*Change, error) {
	var all, there []*Change
	var failed []error
	for _, id := range inventory.Stale(h.recorded, h.wanted) {
		found, looked := h.found[id]
		if !looked {
			found.err = errNotLooked
		}
		c := &Change{ID: id, Version: h.recorded[id].Version, recorded: true}
		all, failed = append(all, c), append(failed, found.err)
		if found.live != nil {
			there = append(there, c)
			c.doom(found.live, h.app)
			h.spare(c)
		}
	}
	if err := gather(all, failed); err != nil {
		return nil, err
	}
	return there, nil
}

// doom says what becomes of live, which the app of that name has on record and no longer wants.
func (c *Change) doom(live *unstructured.Unstructured, app string) {
	c.found(live)
	c.Action, c.Why = Pruned, ""
	if live.GetDeletionTimestamp() != nil {
		c.Action, c.Why = Skipped, waits(live)
	} else if owner := live.GetLabels()[OwnerLabel]; owner != app {
		c.Action, c.Why = Skipped, fmt.Sprintf("its label %s says %q", OwnerLabel, owner)
	} else if why := keeps(live); why != "" {
		c.Action, c.Why = Skipped, why
	}
}

// spare keeps a definition or a namespace that objects of the commit still need.
func (h holdings) spare(c *Change) {
	if c.Action != Pruned || !isNamespace(c.ID) && !isCRD(c.ID) {
		return
	}
	for _, id := range slices.SortedFunc(maps.Keys(h.wanted), object.Compare) {
		if takesAlong(c, id) {
			c.Action, c.Why = Skipped, "the commit still has "+id.String()
			return
		}
	}
}

// takesAlong reports whether the deletion of c, a definition or a namespace, would delete the object id, too.
func takesAlong(c *Change, id object.ID) bool {
	if isNamespace(c.ID) {
		return id.Namespace == c.ID.Name
	}
	group, _, _ := unstructured.NestedString(c.Before.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(c.Before.Object, "spec", "names", "kind")
	return isCRD(c.ID) && id.Group == group && id.Kind == kind
}

func keeps(live *unstructured.Unstructured) string {
	for _, key := range []string{PruneAnnotation, ReconcileAnnotation} {
		if annotated(live, key, disabled) {
			return key + ": disabled on the live object"
		}
	}
	return ""
}

// stale looks up what is on record and no longer in plan, and returns what becomes of it.
func (a *Applier) stale(ctx context.Context, plan *Plan, request Request) ([]*Change, error) {
	h := holdings{app: plan.App, recorded: request.Recorded, wanted: map[object.ID]bool{}, found: map[object.ID]finding{}}
	for _, c := range plan.Changes {
		h.wanted[c.ID] = true
	}
	var looks []*Change
	for _, id := range inventory.Stale(h.recorded, h.wanted) {
		looks = append(looks, &Change{ID: id, Version: request.Recorded[id].Version})
	}
	err := a.each(ctx, looks, func(ctx context.Context, c *Change) (err error) {
		c.Before, err = a.fetch(ctx, c)
		return err
	})
	if err != nil {
		return nil, err
	}
	for _, c := range looks {
		h.found[c.ID] = finding{live: c.Before}
	}
	all, err := h.stale()
	for _, c := range all {
		if request.Returning && c.Action == Pruned && isPrecious(c.ID) {
			c.Action, c.Why = Skipped, "data would go with it, which going back to an earlier state never deletes"
			plan.Warnings = append(plan.Warnings, c.ID.String()+" stays: "+c.Why)
		}
		if c.Action == Pruned && request.WantedBy != nil {
			c.HandOver(request.WantedBy(c.ID))
		}
	}
	return all, err
}
