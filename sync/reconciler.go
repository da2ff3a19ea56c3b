package sync

import (
	"context"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
)

// Reconciler brings one app in step, once a call. It is used by one goroutine at a time.
type Reconciler struct {
	App      App
	Source   Source
	Applier  Applier
	Gate     Gate
	Ledger   Ledger
	Observer Observer
	// Newer ends the gate's wait when the source may have moved: whoever receives from it fetches and compares. Nil
	// for a single pass, which waits for its own commit whatever comes after it.
	Newer <-chan struct{}
	// Poll is how often the source is asked during the gate's wait without having been woken; zero for never.
	Poll time.Duration

	last Outcome // of the pass before
}

// Reconcile makes the cluster so, from the newest commit to healthy pods, and returns what it came to. The error is an
// *[Error] that names the step; whatever the step, what was live before it and is still wanted is live after it.
func (r *Reconciler) Reconcile(ctx context.Context) (Outcome, error) {
	pass := &pass{Reconciler: r, outcome: Outcome{Revision: r.last.Revision, Plan: r.last.Plan}}
	snapshot, err := r.Source.Fetch(ctx)
	if err != nil {
		return pass.failed(ctx, StepFetch, err)
	}
	pass.saw(ctx, snapshot)
	manifests, err := pass.read(ctx, snapshot)
	if err != nil {
		return pass.failed(ctx, StepRead, err)
	}
	if err := pass.load(ctx); err != nil {
		return pass.failed(ctx, StepLoad, err)
	}
	plan, err := r.Applier.Plan(ctx, pass.request(manifests))
	if err != nil {
		return pass.failed(ctx, StepPlan, err)
	}
	pass.planned(ctx, plan)
	if err := pass.intend(ctx); err != nil {
		return pass.failed(ctx, StepSave, err)
	}
	if err := r.Applier.Apply(ctx, plan, pass.changed(ctx, StepApply)); err != nil {
		return pass.failed(ctx, StepApply, err)
	}
	if err := pass.applied(ctx); err != nil {
		return pass.failed(ctx, StepSave, err)
	}
	if err := pass.wait(ctx); err != nil {
		return pass.failed(ctx, StepGate, err)
	}
	if err := r.Applier.Prune(ctx, plan, pass.changed(ctx, StepPrune)); err != nil {
		return pass.failed(ctx, StepPrune, err)
	}
	if err := pass.settled(ctx); err != nil {
		return pass.failed(ctx, StepSave, err)
	}
	return pass.done(ctx)
}

// Plan returns what a pass would do now, and does none of it. Every change is rehearsed by the API server.
func (r *Reconciler) Plan(ctx context.Context) (*apply.Plan, error) {
	pass := &pass{Reconciler: r}
	snapshot, err := r.Source.Fetch(ctx)
	if err != nil {
		return nil, pass.wrap(StepFetch, err)
	}
	pass.outcome.Revision = snapshot.Revision
	manifests, err := pass.read(ctx, snapshot)
	if err != nil {
		return nil, pass.wrap(StepRead, err)
	}
	if err := pass.load(ctx); err != nil {
		return nil, pass.wrap(StepLoad, err)
	}
	request := pass.request(manifests)
	request.Rehearse = true
	plan, err := r.Applier.Plan(ctx, request)
	if err != nil {
		return nil, pass.wrap(StepPlan, err)
	}
	return plan, nil
}
