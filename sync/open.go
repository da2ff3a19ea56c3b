package sync

import (
	"context"

	"github.com/lockstep-dev/lockstep/git"
)

// open notes that a commit was begun with. It is saved with whatever is saved before the verdict, at no call of its own: who
// is told of commits can tell from it which of them wait for an end, when another process goes on. Of one that is on record as
// failed the verdict is known.
func (p *pass) open() {
	revision := full(p.outcome.Revision)
	if newest, _ := p.record.Verdict(); newest.Revision == revision && newest.State != string(Healthy) {
		return
	}
	if p.plan.Writes() > 0 || p.isNew() {
		p.record.Begin(revision)
	}
}

// isNew reports whether the commit has something else for the app than what was healthy last.
func (p *pass) isNew() bool {
	return len(p.record.Healthy) == 0 || p.record.Healthy[0].Content != p.content
}

// takesOver tells, once the record is known, which commits another process has left without a verdict, and which it has found not to
// serve.
func (p *pass) takesOver(ctx context.Context) {
	if p.tookOver || p.record == nil {
		return
	}
	p.tookOver = true
	event := Event{Step: StepLoad}
	for _, text := range p.record.Open {
		if revision, err := git.ParseRevision(text); err == nil {
			event.Open = append(event.Open, revision)
		}
	}
	if newest, judged := p.record.Verdict(); judged && newest.State != string(Healthy) {
		event.Verdict = &newest
	}
	if event.Open != nil || event.Verdict != nil {
		p.tell(ctx, event)
	}
}
