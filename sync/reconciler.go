package sync

import (
	"context"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/health"
)

// Reconciler brings one app in step, once a call. It is used by one goroutine at a time.
type Reconciler struct {
	App      App
	Source   Source
	Applier  Applier
	Gate     Gate
	Ledger   Ledger
	Finder   Finder // nil where a lost inventory is not rebuilt
	Observer Observer
	// Newer ends the gate's wait when the source may have moved: whoever receives from it fetches and compares. Nil
	// for a single pass, which waits for its own commit whatever comes after it.
	Newer <-chan struct{}
	// Drift ends the gate's wait when the cluster may have: likewise.
	Drift <-chan struct{}
	// Poll is how often the source is asked during the gate's wait without having been woken; zero for never.
	Poll time.Duration
	// Pool bounds how many apps work at once. Nil where there is one app.
	Pool *Pool
	// Claims are what the other apps of the fleet want. Nil where there are none.
	Claims *Claims

	begins func()               // called once a pass has its turn, nil for nothing
	record *inventory.Inventory // as it was saved last; nil when it has to be loaded
	fights fights
	rules  *health.Rules // the app's, compiled; nil before they are needed; under mu
	told   stdsync.Mutex // observers are told by one goroutine at a time

	mu   stdsync.Mutex
	last memory // of the pass before; under mu, as the fleet looks at it
}

// Reconcile makes the cluster so, from the newest commit to healthy pods, and returns what it came to. The error is an
// *[Error] that names the step; whatever the step, what was live before it and is still wanted is live after it.
//
// A commit whose files for this app are as they were costs no call while the cluster is as it was left.
func (r *Reconciler) Reconcile(ctx context.Context) (Outcome, error) {
	pass := r.begin()
	defer pass.turn.give()
	if err := pass.turn.take(ctx); err != nil {
		return pass.failed(ctx, StepFetch, err)
	}
	if r.begins != nil {
		r.begins()
	}
	snapshot, stalled := r.Source.Fetch(ctx)
	if stalled != nil && snapshot.Revision.IsZero() {
		return pass.failed(ctx, StepFetch, stalled)
	}
	if pass.inStep(ctx, snapshot) {
		return pass.advance(ctx, snapshot, stalled)
	}
	pass.saw(ctx, snapshot)
	manifests, err := pass.read(ctx, snapshot)
	if err != nil {
		return pass.failed(ctx, StepRead, err)
	}
	if err := pass.load(ctx); err != nil {
		return pass.failed(ctx, StepLoad, err)
	}
	plan, err := r.Applier.Plan(ctx, pass.request(ctx, manifests))
	if err != nil {
		return pass.failed(ctx, StepPlan, err)
	}
	if err := pass.recover(ctx, plan); err != nil {
		return pass.failed(ctx, StepLoad, err)
	}
	pass.planned(ctx, plan)
	if err := pass.intend(ctx); err != nil {
		return pass.failed(ctx, StepSave, err)
	}
	if err := r.Applier.Apply(ctx, plan, pass.changed(ctx, StepApply)); err != nil {
		return pass.failed(ctx, StepApply, err)
	}
	pass.applied(ctx)
	if err := pass.wait(ctx); err != nil {
		return pass.failed(ctx, StepGate, err)
	}
	if err := pass.prune(ctx); err != nil {
		return pass.failed(ctx, StepPrune, err)
	}
	if err := pass.settled(ctx); err != nil {
		return pass.failed(ctx, StepSave, err)
	}
	return pass.done(ctx, stalled)
}
