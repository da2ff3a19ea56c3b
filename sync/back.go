package sync

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// Back is an earlier state, or that of a commit which somebody has named, that is live, or about to be, instead of the newest commit.
type Back struct {
	To      git.Revision `json:"to"`               // whose state it is
	From    git.Revision `json:"from"`             // what is held back
	Reason  string       `json:"reason,omitempty"` // why, in one word; empty when somebody asked for it
	Message string       `json:"message,omitempty"`
	ByHand  bool         `json:"byHand,omitempty"`
	Failed  string       `json:"failed,omitempty"` // why the earlier state did not serve either
	Done    bool         `json:"done,omitempty"`
}

// backOf is what the record says. A revision that cannot be read any more is none.
func backOf(r *inventory.Return) *Back {
	to, _ := git.ParseRevision(r.To)
	from, _ := git.ParseRevision(r.From)
	return &Back{To: to, From: from, Reason: r.Reason, Message: r.Message, ByHand: r.ByHand, Failed: r.Failed, Done: r.Done}
}

// String reads "main@sha1:3f2a1c9 was rejected: ImagePull: <message>; back on main@sha1:1b2c3d4".
func (b *Back) String() string {
	text := fmt.Sprintf("%s was rejected: %s: %s", b.From, b.Reason, b.Message)
	if b.ByHand {
		text = fmt.Sprintf("%s is held back by hand, until a newer commit or lockstep sync", b.From)
	}
	switch {
	case b.Failed != "" && b.ByHand:
		return fmt.Sprintf("%s; %s, which is applied in its place, does not serve: %s", text, b.To, b.Failed)
	case b.Failed != "":
		return fmt.Sprintf("%s; %s, which is applied again, does not serve either: %s", text, b.To, b.Failed)
	case b.Done:
		return fmt.Sprintf("%s; back on %s", text, b.To)
	}
	return fmt.Sprintf("%s; going back to %s", text, b.To)
}

// RolledBackError says that the newest commit was rejected, and that the cluster is back on an earlier one.
type RolledBackError struct{ Back *Back }

func (e *RolledBackError) Error() string { return oneLine(e.Back.String()) }

// ReturnError is what went wrong on the way back to an earlier state.
type ReturnError struct {
	Back *Back
	Err  error
}

func (e *ReturnError) Error() string {
	text := fmt.Sprintf("%s was rejected: %s: %s; ", e.Back.From, e.Back.Reason, e.Back.Message)
	failure, judged := errors.AsType[*health.Failure](e.Err)
	switch {
	case e.Back.ByHand && judged:
		return fmt.Sprintf("%s, which is applied in place of %s, does not serve: %s", e.Back.To, e.Back.From, failure.Cause())
	case e.Back.ByHand:
		text = ""
	case judged:
		return fmt.Sprintf("%s%s, which is applied again, does not serve either: %s", text, e.Back.To, failure.Cause())
	}
	return fmt.Sprintf("%sgoing back to %s: %s", text, e.Back.To, e.Err)
}

func (e *ReturnError) Unwrap() error { return e.Err }

// isRolledBack reports whether a pass ended with an earlier state that serves.
func isRolledBack(err error) bool {
	_, is := errors.AsType[*RolledBackError](err)
	return is
}

// chosen returns what is to be live: the commit's manifests, or those of an earlier state where that commit is held back.
// Another commit than that goes forward.
func (p *pass) chosen(manifests []manifest.Manifest) []manifest.Manifest {
	back := p.record.Return
	if back == nil || !p.holdsBack(back) {
		return manifests
	}
	earlier, err := p.earlier(back)
	if err != nil {
		// Without the state there is nothing to go back to, and what git has is all that is known.
		p.warning, p.record.Return, p.record.Healthy = err.Error()+"; going on with "+p.outcome.Revision.String(), nil, nil
		return manifests
	}
	p.outcome.Back = backOf(back)
	return earlier
}

func (p *pass) earlier(back *inventory.Return) ([]manifest.Manifest, error) {
	state := p.record.State(back.To)
	if state == nil {
		return nil, fmt.Errorf("the healthy state of %s is not on record", backOf(back).To)
	}
	return manifestsOf(state)
}

// fails returns the verdict on which the app goes back to its last healthy state, nil where it does not. It does so once a
// commit, and never for objects that were healthy as they are: then it is the cluster that has changed. An apply that is
// refused halfway is no verdict on the commit; it is tried again.
func (p *pass) fails(step Step, err error) *health.Failure {
	failure, judged := errors.AsType[*health.Failure](err)
	switch {
	case !judged || step != StepGate || !p.App.Rollback || p.outcome.Back != nil:
	case failure.Report.Reason == health.Unreachable: // says nothing about the commit
	case len(p.record.Healthy) > 0 && p.record.Healthy[0].Content != p.content:
		return failure
	}
	return nil
}

// ErrNothingToGoBackTo says why a commit that does not serve is held.
var ErrNothingToGoBackTo = errors.New("it stays as it is, as no commit before it was healthy")

// held adds to a verdict why the app does not go back.
func (p *pass) held(step Step, err error) error {
	_, judged := errors.AsType[*health.Failure](err)
	if judged && step == StepGate && p.App.Rollback && p.outcome.Back == nil && len(p.record.Healthy) == 0 {
		return fmt.Errorf("%w; %w", err, ErrNothingToGoBackTo)
	}
	return err
}

// goBack puts on record that the commit is rejected, and then makes the last healthy state live again.
func (p *pass) goBack(ctx context.Context, failure *health.Failure, stalled error) error {
	state := &p.record.Healthy[0]
	manifests, err := manifestsOf(state)
	if err != nil {
		p.record.Healthy = nil
		return p.failed(ctx, StepGate, fmt.Errorf("%w; it stays as it is: %w", failure, err))
	}
	rejected := inventory.Rejection{
		Revision: full(p.outcome.Revision), Content: p.content, Reason: string(failure.Report.Reason), Message: failure.Report.Message,
		At: time.Now(),
	}
	p.record.Reject(rejected, state.Revision)
	if err := p.save(ctx); err != nil {
		return p.failed(ctx, StepSave, err)
	}
	p.outcome.Back = backOf(p.record.Return)
	p.tell(ctx, Event{Step: StepGate, Rejection: &rejected, Rejected: p.rejected()})
	p.before.applied, p.before.reads = p.archived(), nil // the state has all of the gate's time
	if err := p.turn.take(ctx); err != nil {
		return p.failed(ctx, StepPlan, err)
	}
	return p.makeSo(ctx, manifests, stalled)
}

// notReturned notes why the earlier state does not serve either. It is not tried again with another state: whoever looks at
// it finds both reasons.
func (p *pass) notReturned(err error) error {
	back := *p.outcome.Back
	if failure, judged := errors.AsType[*health.Failure](err); judged && p.record != nil && p.record.Return != nil {
		p.record.Return.Failed = fmt.Sprintf("%s: %s", failure.Report.Reason, failure.Report.Message)
		p.outcome.Back = backOf(p.record.Return)
	}
	return &ReturnError{&back, err}
}

// byHand is the reason of what somebody has asked for.
const byHand = "ByHand"

// rejected are the commits that were taken back, the newest first.
func (p *pass) rejected() []git.Revision {
	all := []git.Revision{}
	if p.record == nil {
		return all
	}
	for _, r := range p.record.Rejected {
		if at, err := git.ParseRevision(r.Revision); err == nil {
			all = append(all, at)
		}
	}
	return all
}

// returned puts on record that the earlier state serves.
func (p *pass) returned() {
	p.record.Return.Done, p.record.Return.Failed = true, ""
	p.outcome.Back = backOf(p.record.Return)
	if state := p.record.State(p.record.Return.To); state != nil {
		p.record.Keep(p.proven(*state)) // it is the last that was healthy
		p.record.Return.State = nil
	}
	for i := range p.record.History {
		if r := &p.record.History[i]; r.Revision == p.record.Return.From {
			r.State = string(RolledBack)
			if p.record.Return.ByHand {
				r.Reason = byHand
			}
			return
		}
	}
}

// proven is the state that serves now. One that was read from git is as it was applied from then on: so one can tell what the
// next commit changes.
func (p *pass) proven(state inventory.State) inventory.State {
	if p.record.Return.State != nil && p.unpacked == nil && p.packed != nil {
		state.Packed, state.Objects = p.packed, len(p.plan.Changes)
	}
	return state
}

// keep puts what serves now on record as a state to go back to, unless it is the newest there.
func (p *pass) keep() error {
	if healthy := p.record.Healthy; len(healthy) > 0 && healthy[0].Content == p.content {
		return nil
	}
	if p.unpacked != nil {
		return fmt.Errorf("pack the healthy state: %w", p.unpacked)
	}
	p.record.Keep(inventory.State{
		Revision: full(p.outcome.Revision), At: p.began.UTC(), Content: p.content, Objects: len(p.plan.Changes), Packed: p.packed,
	})
	return nil
}
