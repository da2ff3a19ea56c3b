package health

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	stdsync "sync"
	"time"
)

// lookers are the few goroutines that compute the reports of all checks. Each check has a goroutine of its own that waits; if
// it also computed, its stack would grow for that, and a thousand of them would be most of what a thousand apps take.
type lookers struct {
	idle   chan look     // to one that has nothing to do
	places chan struct{} // as many as there may be
	closed chan struct{} // the gate's

	mu      stdsync.Mutex
	ended   bool // no more is begun
	running stdsync.WaitGroup
}

// look is one report to compute.
type look struct {
	ctx     context.Context
	session *session
}

// looked is how it went.
type looked struct {
	err    error
	panics any // what it panicked with; nil if it did not
}

// idleFor is how long a goroutine waits for another report to compute.
const idleFor = 10 * time.Second

func newLookers(closed chan struct{}) *lookers {
	return &lookers{idle: make(chan look), places: make(chan struct{}, 2*runtime.GOMAXPROCS(0)), closed: closed}
}

// refresh has a session's report computed, and returns when it is: see [session.refresh]. A panic is the caller's.
func (l *lookers) refresh(ctx context.Context, s *session) error {
	job := look{ctx, s}
	select {
	case <-l.closed:
		return ErrClosed
	case l.idle <- job:
	case l.places <- struct{}{}:
		if !l.begin(job) {
			return ErrClosed
		}
	}
	done := <-s.looked
	if done.panics != nil {
		panic(done.panics)
	}
	return done.err
}

// begin has another goroutine compute, unless the gate is closed. It has a place for that.
func (l *lookers) begin(job look) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.ended {
		<-l.places
		return false
	}
	l.running.Go(func() { l.work(job) })
	return true
}

// end returns when nothing is computed any more, and has nothing begun. The gate's closed is closed.
func (l *lookers) end() {
	l.mu.Lock()
	l.ended = true
	l.mu.Unlock()
	l.running.Wait()
}

// work computes one report after the other, until there is none for a while.
func (l *lookers) work(job look) {
	defer func() { <-l.places }()
	rest := time.NewTimer(idleFor)
	defer rest.Stop()
	for {
		job.session.looked <- job.look()
		rest.Reset(idleFor)
		select {
		case job = <-l.idle:
		case <-rest.C:
			return
		case <-l.closed:
			return
		}
	}
}

func (l look) look() (is looked) {
	defer func() {
		if cause := recover(); cause != nil {
			is.panics = fmt.Sprintf("%v, when its health was computed:\n%s", cause, debug.Stack())
		}
	}()
	return looked{err: l.session.refresh(l.ctx)}
}
