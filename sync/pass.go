package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
)

// pass is one call of Reconcile under way.
type pass struct {
	*Reconciler
	turn     turn
	before   memory // of the pass before
	outcome  Outcome
	reads    reads
	plan     *apply.Plan
	packed   archive                       // the manifests that were applied
	unpacked error                         // why there are none packed
	watched  map[object.ID]inventory.Entry // what was applied, and is to stay so
	began    time.Time
	unsaved  bool // the record says more than what was saved
	fresh    bool // the record was read from the cluster in this very pass
	again    bool // it is to be begun anew, with the record that somebody else has written
	rebuilt  bool // the record was made from live labels in this very pass: it is no ground for deleting anything
	warning  string
	content  string // of the commit's manifests
	order    *Order // what somebody has asked for
	// stalledAt is where a pass ends in any case that goes on with what is known: the source has nothing newer to give.
	stalledAt Step
	steps     []Span // begun so far; the last has no end yet
}

func (r *Reconciler) begin() *pass {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.last
	return &pass{Reconciler: r, turn: turn{pool: r.Pool}, before: before, stalledAt: StepFetch, outcome: Outcome{
		Revision: before.outcome.Revision, Snapshot: before.outcome.Snapshot, Blind: before.outcome.Blind,
		targets: before.outcome.targets, places: before.outcome.places,
	}}
}

func (p *pass) tell(ctx context.Context, event Event) {
	p.told.Lock()
	defer p.told.Unlock()
	event.App, event.At, event.Revision, event.Back = p.App.Name, time.Now(), p.outcome.Revision, p.outcome.Back
	p.Observer.Observe(ctx, event)
}

// saw notes the commit that this pass is about.
func (p *pass) saw(ctx context.Context, snapshot git.Snapshot) {
	p.began = time.Now()
	p.outcome.Revision, p.outcome.Snapshot = snapshot.Revision, snapshot
	p.verdicts.begins(snapshot, p.began)
	p.mu.Lock()
	p.last.settled = false // until this pass has ended: a commit that takes its files back is news to it
	p.mu.Unlock()
	if snapshot.Revision != p.before.outcome.Revision {
		p.outcome.Moved = true
		p.tell(ctx, Event{Step: StepFetch, Snapshot: &snapshot})
	}
}

// ErrNoManifests says that the app's path has nothing to apply.
var ErrNoManifests = errors.New("no manifests (*.yaml, *.yml, *.json) below the path")

// read returns the commit's manifests, and claims their objects. A path without any is an error, not a wish to delete
// everything.
func (p *pass) read(ctx context.Context, snapshot git.Snapshot) ([]manifest.Manifest, error) {
	manifests, err := p.parse(ctx, snapshot)
	if p.Claims == nil {
		return manifests, err
	}
	if err != nil {
		p.Claims.read(p.App.Name, snapshot.Revision)
	} else {
		p.Claims.claim(p.App, snapshot.Revision, manifests)
	}
	return manifests, err
}

func (p *pass) parse(ctx context.Context, snapshot git.Snapshot) ([]manifest.Manifest, error) {
	manifests, made, err := p.render(ctx, snapshot)
	if made != nil {
		p.reads = made
	}
	return manifests, err
}

// render returns the app's manifests in a commit, and what they were made of, nil where that cannot be told.
func (p *pass) render(ctx context.Context, snapshot git.Snapshot) ([]manifest.Manifest, reads, error) {
	root := snapshot.Until(ctx).Root()
	defer func() { _ = root.Close() }() // it only lets go of files
	set, err := manifest.Load(ctx, root, p.App.Path, manifest.Options{Vars: p.App.Vars})
	if broken := root.Err(); broken != nil {
		return nil, nil, broken
	}
	if err == nil && len(set.Manifests) == 0 {
		err = fmt.Errorf("%w %q", ErrNoManifests, p.App.Path)
	}
	return set.Manifests, root.Trace(), err
}

func (p *pass) request(ctx context.Context, manifests []manifest.Manifest) apply.Request {
	request := apply.Request{
		App: p.App.Name, Namespace: p.App.Namespace, Manifests: manifests, Recorded: p.record.Entries,
		Previous: lookup(p.record.Entries, p.previous()...), Prune: p.App.Prune && !p.rebuilt, AllowPrune: p.App.AllowPrune,
		Returning: p.outcome.Back != nil, Past: p.outcome.Back != nil && p.record.Return.State != nil,
		Force: p.App.Force, DetectOnly: p.App.DetectOnly,
		Rival: func(id object.ID) string { return p.fights.rival(id, time.Now()) },
	}
	if p.Claims != nil {
		request.MayTake = func(id object.ID, owner string) bool {
			return p.Claims.hasLetGo(id, owner, p.commits(ctx)) || p.abroad.hasLetGo(ctx, id, owner, p.App.Feed, p.outcome.Snapshot)
		}
		request.WantedBy = func(id object.ID) string { return p.wantedBy(ctx, id) }
	}
	return request
}

func (p *pass) planned(ctx context.Context, plan *apply.Plan) {
	p.plan, p.outcome.Plan = plan, plan
	p.outcome.Moved = p.outcome.Moved || plan.Writes() > 0
	p.tell(ctx, Event{Step: StepPlan, Plan: plan})
}

func (p *pass) changed(ctx context.Context, step Step) func(*apply.Change) {
	return func(c *apply.Change) { p.tell(ctx, Event{Step: step, Change: c}) }
}

// prune deletes what the commit no longer has, once every other app has said whether it wants it.
func (p *pass) prune(ctx context.Context) error {
	if len(p.plan.Stale) == 0 {
		return nil
	}
	if p.Claims != nil {
		p.turn.give() // others may need it to come that far
		p.Claims.settled(ctx, p.App.Feed, func() []git.Revision { return p.commits(ctx) })
	}
	if err := p.turn.take(ctx); err != nil {
		return err
	}
	if err := p.confirm(ctx); err != nil {
		return err
	}
	for _, c := range p.plan.Stale {
		if c.Action == apply.Pruned && p.Claims != nil {
			c.HandOver(p.wantedBy(ctx, c.ID))
		}
	}
	return p.Applier.Prune(ctx, p.plan, p.changed(ctx, StepPrune))
}

// wantedBy returns the name of another app that wants the object, whoever keeps it; empty if there is none.
func (p *pass) wantedBy(ctx context.Context, id object.ID) string {
	return cmp.Or(p.Claims.wantedBy(id, p.App.Name), p.abroad.wantedBy(ctx, id, p.App.Feed, p.outcome.Snapshot))
}

// commits are those of which another app's word counts for this pass: its own, and the newest if that has come since.
func (p *pass) commits(ctx context.Context) []git.Revision {
	commits := []git.Revision{p.outcome.Revision}
	if newest, _ := p.Source.Fetch(ctx); !newest.Revision.IsZero() { // after an error it is the last good one, or none
		commits = append(commits, newest.Revision)
	}
	return commits
}

// failed ends the pass at a step.
func (p *pass) failed(ctx context.Context, step Step, err error) error {
	if step == StepRead && p.record == nil {
		p.record, _ = p.Ledger.Load(ctx, p.App.Name) // only to say how much is kept, and what is left
		p.takesOver(ctx)
	}
	superseded := errors.Is(err, ErrSuperseded)
	switch {
	case step == p.stalledAt && p.plan != nil: // what is live serves
	case step == StepFetch:
		p.outcome.Back = p.before.outcome.Back
	case p.outcome.Back != nil && !superseded:
		err = p.notReturned(err)
	}
	if !superseded {
		err = p.setDown(ctx, err)
	}
	wrapped := p.wrap(step, err)
	if p.order == nil { // who has asked for something is told what came of it
		p.again, wrapped.Err = p.passes(ctx, wrapped.Err, time.Now())
	}
	p.outcome.State = wrapped.State()
	if ctx.Err() == nil && !superseded && !p.again {
		p.given()
		p.tell(ctx, Event{Step: step, Err: wrapped, Rejected: p.rejected()})
	}
	p.leave(step)
	return wrapped
}

// setDown puts on record what the pass has come to that ends with err, and returns that with what goes wrong now.
func (p *pass) setDown(ctx context.Context, err error) error {
	if p.plan != nil && p.record != nil && ctx.Err() == nil {
		p.record.Open = nil
	}
	if p.unsaved {
		return errors.Join(err, p.saveNow(ctx))
	}
	return err
}

func (p *pass) wrap(step Step, err error) *Error {
	if saving, ok := errors.AsType[*saveError](err); ok {
		step, err = StepSave, saving.err
	}
	wrapped := &Error{Step: step, App: p.App.Name, Err: err}
	if step != StepFetch {
		wrapped.Revision = p.outcome.Revision
	}
	if step == StepFetch || step == StepRead || step == StepPlan {
		wrapped.Kept, wrapped.At = p.kept()
	}
	return wrapped
}

// done ends the pass. When the repository cannot be reached that is still the app's state, however well it serves.
func (p *pass) done(ctx context.Context, stalled error) error {
	if stalled != nil {
		p.answerReturn(ctx)
		return p.failed(ctx, p.stalledAt, stalled)
	}
	p.catchUp(ctx)
	p.given()
	p.outcome.State = Healthy
	if p.outcome.Back != nil {
		p.outcome.State = RolledBack
	}
	p.leave(StepSave)
	outcome := p.outcome
	p.tell(ctx, Event{Step: StepSave, Record: &outcome, Rejected: p.rejected()})
	if back := outcome.Back; back != nil && !back.ByHand {
		return p.wrap(StepGate, &RolledBackError{back})
	}
	return nil
}

// leave makes this pass the one before the next.
func (p *pass) leave(step Step) {
	p.mu.Lock()
	defer p.mu.Unlock()
	after := p.before
	if p.watched != nil {
		after = memory{reads: p.reads, applied: p.archived(), watched: p.watched, skipped: p.plan.Skips()}
	}
	ended := step == StepSave || step == StepFetch
	after.settled = ended && (p.watched != nil || p.before.settled)
	if !ended {
		after.gate, after.gateOver = p.last.gate, p.last.gateOver
	}
	after.outcome = p.outcome
	after.outcome.Plan = nil
	p.last = after
}
