package sync

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
)

// withoutSource is a pass that has no manifests of git's: no commit is known, or the one that is cannot be read, and why is
// unread. An app that is back on an earlier state, or on its way there, needs none: the state is on record. What somebody asks for
// by hand is done as well, but for a sync.
func (p *pass) withoutSource(ctx context.Context, step Step, unread error) error {
	if err := p.load(ctx); err != nil {
		return p.failed(ctx, step, unread)
	}
	if step == StepRead {
		p.takesOver(ctx)
	}
	p.stalledAt = step
	if p.order != nil && p.order.Verb != OrderSync {
		p.outcome.Revision = p.lastSeen()
		if err := p.obeyUnread(ctx); err != nil {
			return p.refused(ctx, err)
		}
		if p.record.Suspended {
			p.alone(ctx)
			return nil
		}
	}
	back := p.record.Return
	if back == nil || p.record.Suspended || step == StepRead && back.From != full(p.outcome.Revision) {
		return p.failed(ctx, step, unread)
	}
	manifests, err := p.earlier(back)
	if err != nil {
		return p.failed(ctx, step, errors.Join(unread, err))
	}
	p.began, p.content, p.outcome.Back = time.Now(), back.Content, backOf(back)
	p.outcome.Revision = p.outcome.Back.From
	return p.makeSo(ctx, manifests, unread)
}

// obeyUnread puts on record what is asked for. The state that it may lead to has all of the gate's time: no files tell it from the
// one before.
func (p *pass) obeyUnread(ctx context.Context) error {
	p.mu.Lock()
	p.last.gate, p.last.gateOver = time.Time{}, false
	p.mu.Unlock()
	p.reopen()
	return p.obey(ctx)
}

// lastSeen is the newest commit that is known of: this process has seen it, or it is on record.
func (p *pass) lastSeen() git.Revision {
	if !p.outcome.Revision.IsZero() {
		return p.outcome.Revision
	}
	var texts []string
	if p.record.Return != nil {
		texts = append(texts, p.record.Return.From)
	}
	verdict, _ := p.record.Verdict()
	for _, text := range slices.Concat(texts, p.record.Open, []string{verdict.Revision, p.record.Revision}) {
		if at, err := git.ParseRevision(text); err == nil && !at.IsZero() {
			return at
		}
	}
	return git.Revision{}
}

// holdsBack reports whether the pass's commit is the one that is held back, or has the same manifests. Of one that could not be read
// when it was to be held back they are known from now on.
func (p *pass) holdsBack(back *inventory.Return) bool {
	if back.Content == "" && back.From == full(p.outcome.Revision) {
		back.Content = p.content
	}
	return back.Content == p.content
}
