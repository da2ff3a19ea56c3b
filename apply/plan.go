package apply

import (
	"context"
	"slices"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// Request is what one app wants of the cluster.
type Request struct {
	App       string              // the value of the owner label: a DNS label
	Namespace string              // where objects go whose manifest names no namespace
	Manifests []manifest.Manifest // all of the commit's objects
	// Recorded are the objects that the app owns, as the inventory remembers them.
	Recorded map[object.ID]inventory.Entry
	Prune    bool // delete what is recorded and no longer in Manifests
	// AllowPrune is up to how many deletions the guards let through, as [AllowPruneAnnotation] says it for a commit.
	AllowPrune int
	Force      bool // take fields that other managers own, instead of reporting a [ConflictError]
	// Rehearse asks the API server what it would make of every change, a single one included, which an apply does
	// not need: one PATCH is atomic.
	Rehearse bool
}

// Plan is what would happen to each object. Nothing has been written yet.
type Plan struct {
	App      string
	Changes  []*Change // in the order of the manifests
	Stale    []*Change // owned, live and no longer in the commit; empty unless the request says prune
	Warnings []string
}

// Writes returns how many objects the plan creates, configures or prunes.
func (p *Plan) Writes() int {
	n := 0
	for _, c := range p.All() {
		if c.writes() || c.Action == Pruned {
			n++
		}
	}
	return n
}

// Plan compares what request wants with what the cluster has. It changes nothing.
//
// Every object is read once. One whose manifest is as it was at the last apply, and whose live fields are, is
// unchanged. Of the others the API server is asked in a dry run what it would make of them, all of them before any is
// written, so that a commit with one bad manifest changes nothing.
//
// The error is [Errors] with everything that is wrong, a *[Blocked] when the plan would delete more than it may, or
// ctx's cause.
func (a *Applier) Plan(ctx context.Context, request Request) (*Plan, error) {
	plan, err := a.resolve(request)
	if err != nil {
		return nil, err
	}
	plan.forced(request)
	if err := a.each(ctx, plan.Changes, a.readLive); err != nil {
		return nil, err
	}
	deferNew(plan)
	if err := a.each(ctx, plan.Changes, plan.mayOwn); err != nil {
		return nil, err
	}
	if err := a.yieldReplicas(ctx, plan); err != nil {
		return nil, err
	}
	changed := decide(plan, request.Recorded)
	if request.Prune {
		if plan.Stale, err = a.stale(ctx, plan, request.Recorded); err != nil {
			return nil, err
		}
		if err := guard(plan, request); err != nil {
			return nil, err
		}
	}
	if request.Rehearse || len(changed) > 1 || slices.ContainsFunc(changed, takesOver) {
		err = a.each(ctx, changed, a.rehearse)
	}
	if err != nil {
		return nil, missingNamespace(err)
	}
	return plan, nil
}

// takesOver reports whether c writes to an object that somebody else has made: whether that is allowed has to be known
// before it is put on record as ours.
func takesOver(c *Change) bool { return c.Before != nil && !c.recorded }

// deferNew marks objects in namespaces that the plan creates: they cannot be rehearsed before those are there.
func deferNew(plan *Plan) {
	fresh := map[string]bool{}
	for _, c := range plan.Changes {
		if isNamespace(c.ID) && c.Before == nil {
			fresh[c.ID.Name] = true
		}
	}
	for _, c := range plan.Changes {
		c.deferred = c.deferred || fresh[c.ID.Namespace]
	}
}

// readLive fetches the live object. A kind that the plan itself brings has none.
func (a *Applier) readLive(ctx context.Context, c *Change) error {
	if c.deferred {
		return nil
	}
	live := c.Desired.NewEmptyInstance().(client.Object)
	err := a.client.Get(ctx, client.ObjectKeyFromObject(c.Desired), live)
	if client.IgnoreNotFound(err) != nil {
		return err
	}
	if err == nil {
		c.Before = asUnstructured(live)
		c.Live = c.Before
	}
	return nil
}

// decide sets each change's action from what is recorded and what is live, and returns those that need a write.
func decide(plan *Plan, recorded map[object.ID]inventory.Entry) []*Change {
	var changed []*Change
	for _, c := range plan.Changes {
		entry, known := recorded[c.ID]
		c.recorded = known && entry.Hash != "" // an entry without one says only that an apply was intended
		switch {
		case skip(c):
			c.Action = Skipped
		case c.Before == nil:
			c.Action = Created
		case known && entry.Hash == c.Hash && entry.Fingerprint == c.Fingerprint():
			c.Action = Unchanged
		default:
			c.Action = Configured
		}
		if c.writes() {
			changed = append(changed, c)
		}
	}
	return changed
}

// All returns the changes and the stale objects together.
func (p *Plan) All() []*Change { return append(slices.Clone(p.Changes), p.Stale...) }
