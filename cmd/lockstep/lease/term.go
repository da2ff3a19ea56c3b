package lease

import (
	"context"
	"errors"
	"net/http"
	stdsync "sync"
	"time"
)

// ErrOver says that a write was not made, or not waited for, because the lease that allowed it is not held any more.
var ErrOver = errors.New("the lease of this replica has ended: another may keep the app now")

// Term is the time for which a process holds a lease without a break. Once it is over it is over for good; whoever gets the
// lease back begins another.
type Term struct {
	name   string
	ctx    context.Context
	cancel context.CancelCauseFunc
	writes *http.Transport // connections of this term's writes alone

	mu    stdsync.Mutex
	until time.Time // with the monotonic clock, which a change of the time does not move
	wall  time.Time // without it: that clock stands still while a machine sleeps
	timer *time.Timer
}

// termKey is what a term's context has the term under.
type termKey struct{}

// newTerm returns a Term that has not begun: nothing may be written yet.
func newTerm(ctx context.Context, name string, writes func(*Term) (*http.Transport, error)) (*Term, error) {
	t := &Term{name: name}
	var err error
	if t.writes, err = writes(t); err != nil {
		return nil, err
	}
	ctx, t.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	t.ctx = context.WithValue(ctx, termKey{}, t)
	return t, nil
}

// termOf is the term that a context is of, nil if it is of none. One that outlives the term's still is.
func termOf(ctx context.Context) *Term {
	t, _ := ctx.Value(termKey{}).(*Term)
	return t
}

// extend has the term last for d from a moment on, unless it is over.
func (t *Term) extend(from time.Time, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ctx.Err() != nil {
		return
	}
	t.until, t.wall = from.Add(d), from.Add(d).Round(0)
	if t.timer == nil {
		t.timer = time.AfterFunc(t.left(), t.lapse)
	} else {
		t.timer.Reset(t.left())
	}
}

// lapse ends a term that was not extended.
func (t *Term) lapse() {
	t.mu.Lock()
	left := t.left()
	if left > 0 {
		t.timer.Reset(left) // it was, at the last moment
	}
	t.mu.Unlock()
	if left <= 0 {
		t.end()
	}
}

// left is how long the term lasts if it is not extended, by the clock that has come further. Under mu.
func (t *Term) left() time.Duration {
	return min(time.Until(t.until), t.wall.Sub(time.Now().Round(0)))
}

// holds reports whether the term has begun and is not over. It asks the clocks, as timers are late in a process that has just
// woken up.
func (t *Term) holds() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.timer != nil && t.ctx.Err() == nil && t.left() > 0
}

// lapsed reports whether the term is over, and ends one that has run out before its timer has fired: who is told that a write was not
// made finds the context ended, and does not take it for a failure. It may be nil.
func (t *Term) lapsed() bool {
	if t == nil {
		return true
	}
	t.mu.Lock()
	over := t.timer != nil && t.left() <= 0
	t.mu.Unlock()
	if over {
		t.end()
	}
	return t.ctx.Err() != nil
}

// end ends the term: what is being written is not waited for, and its connections go.
func (t *Term) end() {
	t.cancel(ErrOver)
	t.mu.Lock()
	if t.timer != nil {
		t.timer.Stop()
	}
	t.mu.Unlock()
	t.writes.CloseIdleConnections()
}
