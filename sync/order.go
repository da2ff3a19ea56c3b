package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
)

// Verb is what somebody asks for by hand.
type Verb string

// The verbs of an [Order].
const (
	OrderSync     Verb = "sync"     // bring the newest commit live, also one that was rejected or is held back
	OrderRollback Verb = "rollback" // bring an earlier state live, until there is another commit
	OrderSuspend  Verb = "suspend"  // leave the app as it is
	OrderResume   Verb = "resume"   // do not leave it so any more
)

// Order is what somebody asks of one app by hand.
type Order struct {
	App  string
	Verb Verb
	To   string // of a rollback: a revision, or its hash or the beginning of it; empty for the last healthy but what is live
	// Done is told how the pass ended that did it. It is called once, from the goroutine of that pass.
	Done func(ctx context.Context, outcome Outcome, err error)
}

// Order has the next pass do what is asked for. One that came before and that no pass has begun with is done with it.
func (r *Reconciler) Order(ctx context.Context, order Order) {
	r.mu.Lock()
	before := r.order
	r.order = &order
	r.mu.Unlock()
	if before != nil {
		before.Done(ctx, Outcome{}, ErrSuperseded)
	}
}

// ordered reports whether a pass is asked for.
func (r *Reconciler) ordered() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.order != nil
}

// refuseSync answers an order to sync, which no pass is to begin with now, and keeps any other for the pass that comes.
func (r *Reconciler) refuseSync(ctx context.Context, why error) {
	r.mu.Lock()
	order := r.order
	if order != nil && order.Verb == OrderSync {
		r.order = nil
	} else {
		order = nil
	}
	r.mu.Unlock()
	if order != nil {
		order.Done(ctx, Outcome{State: Pending}, why)
	}
}

// isSuspended reports whether somebody has asked for the app to be left as it is. It is the loop's to ask.
func (r *Reconciler) isSuspended() bool { return r.record != nil && r.record.Suspended }

// take makes the order that has come, if one has, that of the pass.
func (p *pass) take() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.order, p.Reconciler.order = p.Reconciler.order, nil
}

// answer tells who gave the order how the pass ended.
func (p *pass) answer(ctx context.Context, err error) {
	if p.order != nil {
		p.order.Done(ctx, p.outcome, err)
	}
}

// answerReturn tells who asked for an earlier state that it is live, whatever else the pass will end with: no repository is
// needed for that, and that it is away is the app's state and not the order's.
func (p *pass) answerReturn(ctx context.Context) {
	if p.order == nil || p.order.Verb != OrderRollback || p.outcome.Back == nil {
		return
	}
	p.outcome.State = RolledBack
	p.answer(ctx, nil)
	p.order = nil
}

// obey puts on record what is asked for.
func (p *pass) obey(ctx context.Context) error {
	if p.order == nil {
		return nil
	}
	switch p.order.Verb {
	case OrderSuspend:
		p.record.Suspended = true
	case OrderResume:
		p.record.Suspended = false
	case OrderSync:
		p.record.Return, p.before.reads = nil, nil // the commit has all of the gate's time again
	case OrderRollback:
		if err := p.pin(ctx, p.order.To); err != nil {
			return err
		}
	}
	if p.record.IsNew() {
		return nil // there is nothing yet to put it on
	}
	return p.save(ctx)
}

// refused ends a pass of which something was asked that cannot be. The app is none the worse for it.
func (p *pass) refused(ctx context.Context, err error) error {
	if saving, ok := errors.AsType[*saveError](err); ok {
		return p.failed(ctx, StepSave, saving)
	}
	p.order.Done(ctx, p.outcome, err)
	p.order, p.outcome = nil, p.before.outcome
	p.leave(StepLoad)
	return ErrSuperseded // the next pass goes on with what git has
}

// errSuspended is the error of an order to an app that is to be left as it is.
var errSuspended = errors.New("the app is suspended: resume it first")

// pin has an earlier state in place of the commit: one that is kept, for which git is not needed, or else that of any commit.
func (p *pass) pin(ctx context.Context, to string) error {
	if p.record.Suspended {
		return errSuspended
	}
	state, err := p.stateFor(to)
	var past *inventory.State
	if err != nil && to != "" {
		var missing error
		if past, missing = p.past(ctx, to); missing != nil {
			return fmt.Errorf("%w; and of git's: %w", err, missing)
		}
		state, err = past, nil
	}
	if err != nil {
		return err
	}
	p.before.reads = nil
	if state.Content == p.content {
		p.record.Return = nil // it is what git has
		return nil
	}
	p.record.Return = &inventory.Return{
		To: state.Revision, From: full(p.outcome.Revision), Content: p.content, ByHand: true, State: past,
	}
	return nil
}

// stateFor finds the kept state that is meant: the newest that is not live where nothing is said.
func (p *pass) stateFor(to string) (*inventory.State, error) {
	kept, digits := []string{}, hashIn(to)
	for i := range p.record.Healthy {
		state := &p.record.Healthy[i]
		at, err := git.ParseRevision(state.Revision)
		if err != nil {
			continue
		}
		isLive := state.Content == p.content || p.content == "" && state.Revision == p.record.Revision
		if back := p.record.Return; back != nil {
			isLive = state.Revision == back.To || state.Content == back.Content
		}
		switch {
		case to == "" && !isLive:
			return state, nil
		case to != "" && (to == state.Revision || len(digits) >= 4 && strings.HasPrefix(at.Hash, digits)):
			return state, nil
		}
		kept = append(kept, at.String())
	}
	switch {
	case to != "":
		return nil, fmt.Errorf("no healthy state of %q is kept; those that are: %s", to, cmp.Or(strings.Join(kept, ", "), "none"))
	case len(kept) == 0:
		return nil, errors.New("no healthy state is kept to go back to")
	}
	return nil, fmt.Errorf("no healthy state is kept before %s", kept[len(kept)-1])
}

// alone ends a pass that leaves the app as it is.
func (p *pass) alone(ctx context.Context) {
	p.outcome.State = Suspended
	p.given()
	p.leave(StepLoad)
	outcome := p.outcome
	p.tell(ctx, Event{Step: StepSave, Record: &outcome})
	if p.order != nil && p.order.Verb == OrderSync {
		p.answer(ctx, errSuspended)
		p.order = nil
	}
}

// errSuspendedByConfig is the error of an order to an app that the config says to leave as it is.
var errSuspendedByConfig = errors.New("the app is suspended by the config: take suspend out of its entry first")

// errNotKept is the error of an order to an app that is on its way out, or could not be wired.
var errNotKept = errors.New("the app is not kept in step: it is leaving, or its entry is wrong; see lockstep status")

// obey hands an order to its app, and refuses it where that is none that the fleet keeps in step.
func (f *Fleet) obey(ctx context.Context, order Order) {
	m := f.members[order.App]
	switch {
	case m == nil || m.leaving || m.reconciler == nil:
		order.Done(ctx, Outcome{}, errNotKept)
	case m.app.Suspend:
		order.Done(ctx, Outcome{State: Suspended}, errSuspendedByConfig)
	default:
		m.reconciler.Order(ctx, order)
		m.wake.Poke()
	}
}
