package sync

import (
	"context"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
)

// Retire is for an app that has left the config or the repository: its objects are pruned where the app asked for that,
// behind the guards, and stay otherwise; then it is forgotten. It returns once that is done. The error is an *[Error];
// what was not deleted stays on record.
func (r *Reconciler) Retire(ctx context.Context) error {
	pass := r.begin()
	defer pass.turn.give()
	ctx = pass.turn.on(ctx)
	pass.began = time.Now()
	pass.await(ctx)
	if err := pass.turn.take(ctx); err != nil {
		err = pass.failed(ctx, StepPrune, err)
		return err
	}
	if step, err := pass.retire(ctx); err != nil {
		err = pass.failed(ctx, step, err)
		return err
	}
	return nil
}

func (p *pass) retire(ctx context.Context) (Step, error) {
	record, err := p.Ledger.Load(ctx, p.App.Name)
	if err != nil {
		return StepLoad, err
	}
	p.record, p.fresh = record, true
	// The commit that the other apps have to have read: one of them may want what this one leaves.
	if snapshot, _ := p.Source.Fetch(ctx); !snapshot.Revision.IsZero() {
		p.outcome.Revision, p.outcome.Snapshot = snapshot.Revision, snapshot
	}
	if p.App.Prune && len(record.Entries) > 0 {
		if step, err := p.pruneAll(ctx); err != nil {
			return step, err
		}
	}
	if err := p.Ledger.Remove(ctx, p.App.Name); err != nil {
		return StepSave, err
	}
	p.record = nil
	return "", nil
}

// pruneAll deletes everything that the app owns. That it is to go is put on record first, so that a daemon that is killed
// in between knows it.
func (p *pass) pruneAll(ctx context.Context) (Step, error) {
	request := p.request(ctx, nil)
	request.Leaving = true
	plan, err := p.Applier.Plan(ctx, request)
	if err != nil {
		return StepPlan, err
	}
	p.record.Leaving = true
	if err := p.save(ctx); err != nil {
		return StepSave, err
	}
	p.plan, p.outcome.Plan = plan, plan
	p.tell(ctx, Event{Step: StepPlan, Plan: plan})
	if err := p.prune(ctx); err != nil {
		return StepPrune, err
	}
	return "", p.remains()
}

// remains is the error of objects that a finalizer still holds: the app stays on record until they are gone.
func (p *pass) remains() error {
	for _, c := range p.plan.Stale {
		if c.Action == apply.Pruned && !c.Gone() {
			return &HeldError{c}
		}
	}
	return nil
}

// HeldError says that an object which was deleted is still there.
type HeldError struct{ change *apply.Change }

func (e *HeldError) Error() string {
	return e.change.ID.String() + " is deleted and still there: " + e.change.Why
}
