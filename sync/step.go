package sync

import (
	"context"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// inStep reports whether there is nothing to do for the commit: it has the files that the app was last healthy with, and
// the cluster is as that pass left it. It is false where that cannot be told.
func (p *pass) inStep(ctx context.Context, snapshot git.Snapshot) bool {
	if p.order != nil || p.isSuspended() || p.hasRelapsed() || !p.before.settled || p.before.skipped || !p.before.reads.same(snapshot) {
		return false
	}
	drifted, known := p.Applier.Drifted(ctx, p.App.Name, p.before.watched)
	return !drifted && known
}

// advance ends a pass that has nothing to do.
func (p *pass) advance(ctx context.Context, snapshot git.Snapshot, stalled error) error {
	p.keepsUp(ctx, snapshot)
	p.outcome.Report, p.outcome.Back = p.before.outcome.Report, p.before.outcome.Back
	return p.done(ctx, stalled)
}

// keepsUp notes a commit in which the app's files are as they were.
func (p *pass) keepsUp(ctx context.Context, snapshot git.Snapshot) {
	moved := p.outcome.Revision != snapshot.Revision
	p.outcome.Revision, p.outcome.Snapshot = snapshot.Revision, snapshot
	if p.Claims != nil {
		p.Claims.read(p.App.Name, snapshot.Revision)
	}
	if moved {
		p.tell(ctx, Event{Step: StepFetch, Same: &snapshot})
	}
}

// catchUp moves a pass that is about to end to a commit that came while it was under way, if that is about other apps only:
// nobody would tell this one of it again.
func (p *pass) catchUp(ctx context.Context) {
	if p.Claims == nil {
		return
	}
	snapshot, err := p.Source.Fetch(ctx)
	made := p.reads
	if made == nil {
		made = p.before.reads
	}
	if err == nil && snapshot.Revision != p.outcome.Revision && made.same(snapshot) {
		p.keepsUp(ctx, snapshot)
	}
}

// settledOn returns what the app was made of when it was last healthy; nil when it is not.
func (r *Reconciler) settledOn() reads {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.last.settled {
		return nil
	}
	return r.last.reads
}

// holds reports whether the app's files in the commit are those that were applied last: then a pass only looks for drift.
func (r *Reconciler) holds(snapshot git.Snapshot) bool {
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	return last.watched != nil && last.reads.same(snapshot)
}

// KeepUp notes a commit that is about other apps only, in which this app's files are as they were. It costs no call, and
// may be called while a pass is under way.
func (r *Reconciler) KeepUp(ctx context.Context, snapshot git.Snapshot) {
	r.mu.Lock()
	last := r.last
	r.last.outcome.Revision, r.last.outcome.Snapshot = snapshot.Revision, snapshot
	r.mu.Unlock()
	(&pass{Reconciler: r, outcome: last.outcome}).keepsUp(ctx, snapshot)
}

// overtaken reports whether something has happened at the very end of a pass: a gate that has its verdict may have taken
// the word of it, and done nothing about it. Of a source that is no [Feed] the next look at it will tell.
func (r *Reconciler) overtaken(ctx context.Context, outcome *Outcome, failure error) bool {
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	if feed, ok := r.Source.(*Feed); ok {
		newest := feed.last()
		moved := !newest.Revision.IsZero() && newest.Revision != outcome.Revision
		if moved && (!last.settled || !last.reads.same(newest)) {
			return true
		}
	}
	if failure != nil && !isRolledBack(failure) || last.skipped || r.isSuspended() {
		return false // what cannot be repaired is tried again in a while
	}
	drifted, _ := r.Applier.Drifted(ctx, r.App.Name, last.watched)
	return drifted
}

// HasDrifted reports whether the cluster is otherwise than the last pass left it, as far as can be told without a pass.
func (r *Reconciler) HasDrifted(ctx context.Context) bool {
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	if last.watched == nil || r.isSuspended() {
		return false // nothing was applied yet: the pass that will do so is due anyway
	}
	drifted, _ := r.Applier.Drifted(ctx, r.App.Name, last.watched)
	return drifted || last.skipped
}

// blind reports whether some of what was applied cannot be watched. Of drift that is left to somebody the watch tells no
// more: the fields are his, whatever he does with them.
func (r *Reconciler) blind(ctx context.Context) bool {
	r.mu.Lock()
	last := r.last
	r.mu.Unlock()
	_, known := r.Applier.Drifted(ctx, r.App.Name, last.watched)
	return !known || r.App.DetectOnly && last.skipped
}

// truce is when drift that is left alone for now is looked at again; the zero time when there is none.
func (r *Reconciler) truce() time.Time { return r.fights.next(time.Now()) }
