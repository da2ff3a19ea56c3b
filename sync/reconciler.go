package sync

import (
	"context"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
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

	// Traced, if not nil, is told of each pass that has ended how long its steps took. It must not block.
	Traced func(Trace)

	abroad *abroad              // the apps that other processes keep; nil where there are none
	begins func()               // called once a pass has its turn, nil for nothing
	record *inventory.Inventory // as it was saved last; nil when it has to be loaded
	fights fights
	conflicts
	verdicts
	tookOver bool          // what another process has left was told
	rules    *health.Rules // the app's, compiled; nil before they are needed; under mu
	told     stdsync.Mutex // observers are told by one goroutine at a time

	mu   stdsync.Mutex
	last memory // of the pass before; under mu, as the fleet looks at it

	trial trial // of the commit that was found healthy last; under mu

	order *Order // what somebody has asked for, and no pass has begun with; under mu
}

// Reconcile makes the cluster so, from the newest commit to healthy pods, and returns what it came to. The error is an
// *[Error] that names the step; whatever the step, what was live before it and is still wanted is live after it.
//
// A commit whose files for this app are as they were costs no call while the cluster is as it was left.
func (r *Reconciler) Reconcile(ctx context.Context) (Outcome, error) {
	pass, err := r.reconcile(ctx)
	return pass.outcome, err
}

// reconcile is Reconcile, and returns the last pass that it took.
func (r *Reconciler) reconcile(ctx context.Context) (*pass, error) {
	pass, err := r.once(ctx)
	for moved := false; pass.again; {
		moved = moved || pass.outcome.Moved
		pass, err = r.once(ctx)
		pass.outcome.Moved = pass.outcome.Moved || moved
	}
	return pass, err
}

// once makes a pass, which says whether it is to be begun again since its record was not that of the cluster any more.
func (r *Reconciler) once(ctx context.Context) (*pass, error) {
	pass := r.begin()
	defer pass.turn.give()
	ctx = pass.turn.on(ctx)
	err := pass.run(ctx)
	pass.account(err)
	pass.answer(ctx, err)
	return pass, err
}

// await waits for the source's first answer without a turn: a server that says nothing may take its time for it, and the
// turn is another's meanwhile. In a fleet the source is a [Feed], so that asking it twice costs nothing.
func (p *pass) await(ctx context.Context) {
	if p.Pool != nil {
		_, _ = p.Source.Fetch(ctx) // what it comes to is asked for again with the turn
	}
}

// run makes the pass, which ends with its outcome.
func (p *pass) run(ctx context.Context) error {
	manifests, stalled, over, err := p.begun(ctx)
	if over {
		return err
	}
	return p.makeSo(ctx, manifests, stalled)
}

// begun comes to the manifests that are to be live, and why the source could not be reached, if that is so; or to the end of a
// pass that has none.
func (p *pass) begun(ctx context.Context) (_ []manifest.Manifest, stalled error, over bool, err error) {
	p.await(ctx)
	if err := p.turn.take(ctx); err != nil {
		return nil, nil, true, p.failed(ctx, StepFetch, err)
	}
	p.take()
	if p.begins != nil {
		p.begins()
	}
	p.enters(StepFetch)
	snapshot, stalled := p.Source.Fetch(ctx)
	if stalled != nil && snapshot.Revision.IsZero() {
		return nil, nil, true, p.withoutSource(ctx, StepFetch, stalled)
	}
	if p.inStep(ctx, snapshot) {
		return nil, nil, true, p.advance(ctx, snapshot, stalled)
	}
	p.saw(ctx, snapshot)
	p.enters(StepRead)
	manifests, err := p.read(ctx, snapshot)
	if err != nil {
		return nil, nil, true, p.withoutSource(ctx, StepRead, err)
	}
	p.enters(StepLoad)
	if err := p.load(ctx); err != nil {
		return nil, nil, true, p.failed(ctx, StepLoad, err)
	}
	p.takesOver(ctx)
	p.content = contentOf(p.App, manifests)
	p.reopen()
	if err := p.obey(ctx); err != nil {
		return nil, nil, true, p.refused(ctx, err)
	}
	if p.record.Suspended {
		p.alone(ctx)
		return nil, nil, true, nil
	}
	return p.chosen(manifests), stalled, false, nil
}

// makeSo ends the pass with manifests in the cluster, or those of the last healthy state where they do not serve and the app
// says so.
func (p *pass) makeSo(ctx context.Context, manifests []manifest.Manifest, stalled error) error {
	step, err := p.bring(ctx, manifests)
	if failure := p.fails(step, err); failure != nil && ctx.Err() == nil {
		return p.goBack(ctx, failure, stalled)
	}
	if err != nil {
		return p.failed(ctx, step, p.held(step, err))
	}
	return p.done(ctx, stalled)
}

// bring takes manifests from the plan to the record of their health, and returns the step that it came to with an error.
func (p *pass) bring(ctx context.Context, manifests []manifest.Manifest) (Step, error) {
	p.enters(StepPlan)
	plan, err := p.Applier.Plan(ctx, p.request(ctx, manifests))
	if err != nil {
		return StepPlan, err
	}
	if err := p.recover(ctx, plan); err != nil {
		return StepLoad, err
	}
	p.planned(ctx, plan)
	p.enters(StepSave)
	if err := p.intend(ctx); err != nil {
		return StepSave, err
	}
	p.enters(StepApply)
	if err := p.Applier.Apply(ctx, plan, p.changed(ctx, StepApply)); err != nil {
		return StepApply, err
	}
	p.applied(ctx)
	p.enters(StepGate)
	if err := p.wait(ctx); err != nil {
		return StepGate, err
	}
	p.enters(StepPrune)
	if err := p.prune(ctx); err != nil {
		return StepPrune, err
	}
	p.enters(StepSave)
	return StepSave, p.settled(ctx)
}
