package sync

import (
	"context"
	stdsync "sync"
	"time"
)

// Pulse knows what is being worked on at this moment, and since when there was no sign of it, to tell a daemon that is stuck from
// one that waits for a git host, an API server, or a rollout. A nil Pulse takes no notice.
type Pulse struct {
	mu   stdsync.Mutex
	work map[*time.Time]struct{} // when each piece of work began, or gave a sign last
}

// NewPulse returns a Pulse of nothing.
func NewPulse() *Pulse { return &Pulse{work: map[*time.Time]struct{}{}} }

// begin notes a piece of work, until end is called. Beat is its sign.
func (p *Pulse) begin() (beat, end func()) {
	if p == nil {
		return func() {}, func() {}
	}
	at := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.work[&at] = struct{}{}
	beat = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		at = time.Now()
	}
	end = func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.work, &at)
	}
	return beat, end
}

// Longest is for how long there was no sign of any one piece of work that has not ended; 0 when there is none.
func (p *Pulse) Longest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var longest time.Duration
	for at := range p.work {
		longest = max(longest, time.Since(*at))
	}
	return longest
}

// beatKey is what the context of a pass has its turn under.
type beatKey struct{}

// Beat is a sign of the work that ctx is of: one of its calls has come to its end, well or not. Thousands of calls to an API server
// that takes seconds for each are no standstill.
func Beat(ctx context.Context) {
	if t, ok := ctx.Value(beatKey{}).(*turn); ok {
		t.sign()
	}
}
