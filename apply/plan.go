package apply

import (
	"context"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

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
	// Previous returns what the app last applied of an object, nil where that is not known. With it one can say what a
	// commit changes without reading the live object. May be nil.
	Previous func(object.ID) *unstructured.Unstructured
	Prune    bool // delete what is recorded and no longer in Manifests
	Leaving  bool // the app goes: that there are no manifests is meant
	// Returning is for manifests of an earlier state: what came after it goes, however much that is, but for what takes data
	// along.
	Returning bool
	// Past is for manifests of an earlier commit that was read from git: the guards hold as for any commit, and what the commit
	// itself allows was meant for what it came after. Goes with Returning.
	Past bool
	// AllowPrune is up to how many deletions the guards let through, as [AllowPruneAnnotation] says it for a commit.
	AllowPrune int
	Force      bool // take fields that other managers own, instead of reporting a [ConflictError]
	// Rehearse asks the API server what it would make of every change, a single one included, which an apply does
	// not need: one PATCH is atomic.
	Rehearse bool
	// DetectOnly leaves drift as it is, and says what it is.
	DetectOnly bool
	// Rival returns why drift of an object is not corrected now, empty where it is: somebody keeps changing it back. May
	// be nil.
	Rival func(object.ID) string
	// MayTake reports whether an object that carries the owner label of another app may become this one's, since that
	// app has let go of it. May be nil.
	MayTake func(id object.ID, owner string) bool
	// WantedBy returns the name of another app whose commit has an object that this one's no longer has: it is handed
	// over then, not pruned. Empty where there is none. May be nil.
	WantedBy func(object.ID) string
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

// Skips reports whether some object of the commit is left alone.
func (p *Plan) Skips() bool {
	return slices.ContainsFunc(p.Changes, func(c *Change) bool { return c.Action == Skipped })
}

// Plan compares what request wants with what the cluster has. It changes nothing.
//
// An object whose manifest is as it was at the last apply, and whose applied fields are, is unchanged; where the mirror
// shows it, that costs no call. Of the others the API server is asked in a dry run what it would make of them, all of
// them before any is written, so that a commit with one bad manifest changes nothing.
//
// The error is [Errors] with everything that is wrong, a *[Blocked] when the plan would delete more than it may, or
// ctx's cause.
func (a *Applier) Plan(ctx context.Context, request Request) (*Plan, error) {
	plan, err := a.resolve(request)
	if err != nil {
		return nil, err
	}
	plan.forced(request)
	if err := a.each(ctx, plan.Changes, a.look); err != nil {
		return nil, err
	}
	deferNew(plan)
	if err := a.each(ctx, plan.Changes, a.relabelled(request.App)); err != nil {
		return nil, err
	}
	if err := a.each(ctx, plan.Changes, request.mayOwn); err != nil {
		return nil, err
	}
	if err := a.yieldReplicas(ctx, plan, request); err != nil {
		return nil, err
	}
	changed := a.decide(ctx, plan, request)
	if err := a.describe(ctx, plan, request); err != nil {
		return nil, err
	}
	plan.warnOfDrift()
	if err := a.compared(ctx, changed); err != nil {
		return nil, err
	}
	if request.Prune {
		if plan.Stale, err = a.stale(ctx, plan, request); err != nil {
			return nil, err
		}
		if err := guard(plan, request); err != nil {
			return nil, err
		}
	}
	if request.Rehearse || len(changed) > 1 || slices.ContainsFunc(changed, takesOver) {
		rehearse := func(ctx context.Context, c *Change) error { return a.rehearse(ctx, c, request) }
		err = a.each(ctx, changed, rehearse)
	}
	if err != nil {
		return nil, missingNamespace(err)
	}
	return plan, nil
}

// takesOver reports whether c writes to an object that somebody else has made, or may have: whether that is allowed has
// to be known before it is put on record as ours.
func takesOver(c *Change) bool { return c.unsought || c.seen != nil && !c.recorded }

// deferNew marks objects in namespaces that the plan creates: they cannot be rehearsed before those are there.
func deferNew(plan *Plan) {
	fresh := map[string]bool{}
	for _, c := range plan.Changes {
		if isNamespace(c.ID) && !c.Exists() {
			fresh[c.ID.Name] = true
		}
	}
	for _, c := range plan.Changes {
		if fresh[c.ID.Namespace] {
			c.deferred, c.unsought = true, false
		}
	}
}

// decide sets each change's action from what is recorded and what is live, and returns those that need a write.
func (a *Applier) decide(ctx context.Context, plan *Plan, request Request) []*Change {
	var changed []*Change
	for _, c := range plan.Changes {
		entry, known := request.Recorded[c.ID]
		c.Hash = digest(c.Desired.Object)
		same := known && entry.Hash == c.Hash
		c.reclaims = entry.Yielded && !c.yielded
		c.Drift = same && (c.seen == nil || entry.Fingerprint != c.seen.Mark)
		c.ended = a.endOf(ctx, c, entry, request)
		switch {
		case skip(c), !c.over() && c.Drift && request.leaves(c):
			c.Action = Skipped
		case c.over():
			c.Action, c.Drift, c.Why = Unchanged, false, whyOver(c.ended)
		case c.seen == nil:
			c.Action = Created
		case same && !c.Drift:
			c.Action = Unchanged
		default:
			c.Action = Configured
			if request.Previous != nil {
				c.previous = request.Previous(c.ID)
			}
		}
		if c.writes() {
			changed = append(changed, c)
		}
	}
	return changed
}

// All returns the changes and the stale objects together.
func (p *Plan) All() []*Change { return append(slices.Clone(p.Changes), p.Stale...) }
