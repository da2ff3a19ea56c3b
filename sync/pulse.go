package sync

import (
	stdsync "sync"
	"time"
)

// Pulse knows what is being worked on at this moment, and since when, to tell a daemon that is stuck from one that waits for
// a git host, an API server, or a rollout. A nil Pulse takes no notice.
type Pulse struct {
	mu   stdsync.Mutex
	work map[*time.Time]struct{} // when each piece of work began
}

// NewPulse returns a Pulse of nothing.
func NewPulse() *Pulse { return &Pulse{work: map[*time.Time]struct{}{}} }

// begin notes a piece of work, until end is called.
func (p *Pulse) begin() (end func()) {
	if p == nil {
		return func() {}
	}
	now := time.Now()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.work[&now] = struct{}{}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.work, &now)
	}
}

// Longest is how long the oldest piece of work has been under way that has not ended; 0 when there is none.
func (p *Pulse) Longest() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	var longest time.Duration
	for began := range p.work {
		longest = max(longest, time.Since(*began))
	}
	return longest
}
