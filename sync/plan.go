package sync

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/git"
)

// Planned is what a pass would do to one app.
type Planned struct {
	App      App
	Revision git.Revision // zero when the fetch failed, and for a folder
	Plan     *apply.Plan  // nil when Err says why there is none
	// Blocked is what a pass would refuse: it would end there, and do nothing of the plan, which is without deletions then.
	Blocked *apply.Blocked
	Err     error // an *[Error], or nil
}

// Plan returns what a pass would do now, and does none of it. Every change is rehearsed by the API server. What it needs of
// a Reconciler is Source, Applier and Ledger; nothing is written, observed or waited for.
func (r *Reconciler) Plan(ctx context.Context) Planned {
	return r.rehearsal().run(ctx)
}

// PlanAll plans apps that share a cluster, several at a time, and returns what it came to in their order. An object that
// moves from one of them to another is handed over, as in a [Fleet]. Those of which wanted is false are only read, for
// what they claim. It calls done after each of the others, from several goroutines.
func PlanAll(ctx context.Context, apps []*Reconciler, wanted func(App) bool, done func()) []Planned {
	claims := NewClaims()
	rehearsals := make([]*rehearsal, len(apps))
	for i, r := range apps {
		claims.join(r.App)
		r.Claims = claims
		rehearsals[i] = r.rehearsal()
	}
	atOnce(rehearsals, func(r *rehearsal) { r.read(ctx) })
	asked := rehearsals[:0]
	for _, r := range rehearsals {
		if wanted(r.App) {
			asked = append(asked, r)
		}
	}
	atOnce(asked, func(r *rehearsal) {
		r.plan(ctx)
		done()
	})
	planned := make([]Planned, len(asked))
	for i, r := range asked {
		planned[i] = r.planned
	}
	return planned
}

func atOnce(all []*rehearsal, do func(*rehearsal)) {
	var group errgroup.Group
	group.SetLimit(DefaultWorkers)
	for _, r := range all {
		group.Go(func() error {
			do(r)
			return nil
		})
	}
	_ = group.Wait() // the functions return nothing
}

// rehearsal is a pass that ends after its plan.
type rehearsal struct {
	*pass
	manifests []manifest.Manifest
	planned   Planned
}

func (r *Reconciler) rehearsal() *rehearsal {
	return &rehearsal{pass: r.begin(), planned: Planned{App: r.App}}
}

func (r *rehearsal) run(ctx context.Context) Planned {
	r.read(ctx)
	r.plan(ctx)
	return r.planned
}

func (r *rehearsal) read(ctx context.Context) {
	snapshot, err := r.Source.Fetch(ctx)
	if err != nil {
		r.fail(StepFetch, err)
		return
	}
	r.outcome.Revision, r.planned.Revision = snapshot.Revision, snapshot.Revision
	if r.manifests, err = r.pass.read(ctx, snapshot); err != nil {
		r.record, _ = r.Ledger.Load(ctx, r.App.Name) // only to say how much is kept
		r.fail(StepRead, err)
	}
}

func (r *rehearsal) fail(step Step, err error) { r.planned.Err = r.wrap(step, err) }

func (r *rehearsal) plan(ctx context.Context) {
	if r.planned.Err != nil {
		return
	}
	if err := r.recall(ctx); err != nil {
		r.fail(StepLoad, err)
		return
	}
	request := r.request(ctx, r.manifests)
	request.Rehearse = true
	plan, err := r.Applier.Plan(ctx, request)
	if errors.As(err, &r.planned.Blocked) {
		request.Prune = false
		plan, err = r.Applier.Plan(ctx, request)
	}
	if err != nil {
		r.fail(StepPlan, err)
		return
	}
	if r.warning != "" {
		plan.Warnings = append(plan.Warnings, r.warning)
	}
	for _, c := range plan.Changes {
		if c.Action == apply.Configured && len(c.Fields) == 0 && c.Why == "" && !c.Deferred() {
			c.Action = apply.Unchanged // as an apply would find
		}
	}
	r.planned.Plan, r.manifests = plan, nil
}

// recall loads the record. Of one that is broken it is enough to know that a pass would make it anew, and prune nothing: what
// would be in it changes no plan, as it says of no object what was applied.
func (r *rehearsal) recall(ctx context.Context) error {
	err := r.load(ctx)
	if errors.Is(err, inventory.ErrBroken) {
		r.record, r.rebuilt = inventory.New(r.App.Name), true
		r.warning = "the inventory could not be read: a run makes it anew from the labels of the objects, and prunes nothing"
		err = nil
	}
	return err
}
