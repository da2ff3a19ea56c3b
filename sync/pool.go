package sync

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/semaphore"
)

// DefaultWorkers is how many apps are planned and applied at once.
const DefaultWorkers = 16

// Pool bounds how many apps are planned and applied at once. Turns are given in the order in which they were asked for,
// so that no app starves; whoever waits at a gate holds none.
type Pool struct {
	turns   *semaphore.Weighted
	waiting atomic.Int64
	pulse   *Pulse
}

// NewPool returns a Pool of that many workers.
func NewPool(workers int) *Pool { return &Pool{turns: semaphore.NewWeighted(int64(workers))} }

// Waiting is how many apps wait for their turn.
func (p *Pool) Waiting() int { return int(p.waiting.Load()) }

// turn is one app's right to work. Its zero value is of no pool, and never waits.
type turn struct {
	pool *Pool
	held bool
	end  func()                 // of the pulse's
	beat atomic.Pointer[func()] // likewise, while it is held
}

// on returns the context of the work that the turn is for.
func (t *turn) on(ctx context.Context) context.Context { return context.WithValue(ctx, beatKey{}, t) }

// sign is a sign of the work, from any goroutine.
func (t *turn) sign() {
	if beat := t.beat.Load(); beat != nil {
		(*beat)()
	}
}

// take waits for the app's turn, unless it has it.
func (t *turn) take(ctx context.Context) error {
	if t.pool == nil || t.held {
		return nil
	}
	t.pool.waiting.Add(1)
	defer t.pool.waiting.Add(-1)
	if err := t.pool.turns.Acquire(ctx, 1); err != nil {
		return context.Cause(ctx)
	}
	beat, end := t.pool.pulse.begin()
	t.held, t.end = true, end
	t.beat.Store(&beat)
	return nil
}

// give lets the next app have it.
func (t *turn) give() {
	if t.held {
		t.beat.Store(nil)
		t.end()
		t.pool.turns.Release(1)
		t.held = false
	}
}
