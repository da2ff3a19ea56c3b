package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// Trace is the account of one pass: how long it took, step by step. What it came to is told by events.
type Trace struct {
	App      App
	Revision git.Revision // zero when no commit is known
	State    State        // what the pass left the app in; empty when it was superseded before it came to anything
	Began    time.Time    // when it had its turn
	Ended    time.Time
	Steps    []Span // in their order; a step may be in it more than once
	Err      error  // why it ended early; nil where it did not
}

// Span is one step of a pass.
type Span struct {
	Step  Step
	Began time.Time
	Ended time.Time
}

// Looked reports whether the pass did no more than ask for the newest commit, and found the app in step with it.
func (t Trace) Looked() bool {
	return t.Err == nil && len(t.Steps) <= 1
}

// enters notes that a step begins, and with it that the one before has ended.
func (p *pass) enters(step Step) {
	now := time.Now()
	p.ends(now)
	p.steps = append(p.steps, Span{Step: step, Began: now})
}

func (p *pass) ends(now time.Time) {
	if last := len(p.steps) - 1; last >= 0 && p.steps[last].Ended.IsZero() {
		p.steps[last].Ended = now
	}
}

// account tells whoever keeps account of passes how this one went.
func (p *pass) account(failure error) {
	if p.Traced == nil || len(p.steps) == 0 {
		return
	}
	now := time.Now()
	p.ends(now)
	p.Traced(Trace{
		App: p.App, Revision: p.outcome.Revision, State: p.outcome.State, Began: p.steps[0].Began, Ended: now, Steps: p.steps, Err: failure,
	})
}
