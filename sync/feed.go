package sync

import (
	"context"
	"fmt"
	"runtime/debug"
	stdsync "sync"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/git"
)

// Feed is one repository, fetched once for all of its apps. It is a [Source] that costs its apps nothing: they get what
// the last fetch came to.
type Feed struct {
	source   Source
	interval time.Duration
	wake     Wake
	hint     Wake
	berths   *berths // of the fleet, set before Run; nil where there is one feed
	log      *zap.Logger

	mu       stdsync.Mutex
	snapshot git.Snapshot // the last good one
	err      error        // of the last fetch
	first    chan struct{}
	moved    bool // since news was called
	listener func()
}

// renewable is a source that knows whether what it shows to its server is something else than when it was asked last.
type renewable interface{ Renewed() bool }

var _ renewable = (*git.Repository)(nil)

// NewFeed returns a Feed that asks source each interval while it rests, more often while it moves, or when it is woken.
func NewFeed(source Source, interval time.Duration) *Feed {
	return &Feed{source: source, interval: interval, wake: NewWake(), hint: NewWake(), first: make(chan struct{}), log: zap.NewNop()}
}

// repository is what apps call the source; empty when it has no name.
func (f *Feed) repository() string {
	if named, ok := f.source.(fmt.Stringer); ok {
		return named.String()
	}
	return ""
}

// Wake has the source asked at once, unless it has asked to be left alone.
func (f *Feed) Wake() { f.wake.Poke() }

// Hint has the source asked at once, unless it was asked just before or has failed; then soon. It is for news from others,
// who may bring any number of them: never are there two fetches at a time.
func (f *Feed) Hint() { f.hint.Poke() }

// listen has told called after each fetch that came to something else than the one before.
func (f *Feed) listen(told func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.listener, f.moved = told, true
}

// Fetch returns the last good commit, with the error of the last fetch if it has failed. It waits for the first fetch.
func (f *Feed) Fetch(ctx context.Context) (git.Snapshot, error) {
	select {
	case <-f.first:
	case <-ctx.Done():
		return git.Snapshot{}, context.Cause(ctx)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot, f.err
}

// last is what Fetch would return now, without waiting; the zero Snapshot before the first fetch.
func (f *Feed) last() git.Snapshot {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.snapshot
}

// hasAsked reports whether the first fetch is over, well or not.
func (f *Feed) hasAsked() bool {
	select {
	case <-f.first:
		return true
	default:
		return false
	}
}

// news returns what the last fetch came to, and no revision and no error where it was asked for that before.
func (f *Feed) news() (git.Snapshot, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.moved {
		return git.Snapshot{}, nil
	}
	f.moved = false
	return f.snapshot, f.err
}

// Run fetches until ctx ends, and returns nil then.
func (f *Feed) Run(ctx context.Context) error {
	next := pace{interval: f.interval}
	for ctx.Err() == nil {
		leave, ok := f.berths.take(ctx)
		if !ok {
			return nil
		}
		snapshot, err := f.ask(ctx)
		leave()
		if ctx.Err() != nil {
			return nil //nolint:nilerr // what ended the fetch is what ends this
		}
		if told := f.take(snapshot, err); told != nil {
			told()
		}
		f.rest(ctx, next.after(snapshot, err, time.Now()))
	}
	return nil
}

// ask fetches once. A server whose answer makes that panic harms nobody but its own apps.
func (f *Feed) ask(ctx context.Context) (snapshot git.Snapshot, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			f.log.Error("panic", zap.String("repository", f.repository()), zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
			snapshot, err = git.Snapshot{}, &PanicError{cause}
		}
	}()
	return f.source.Fetch(ctx)
}

// rest returns when the source is to be asked again. A wake or a hint that comes too early is not lost.
func (f *Feed) rest(ctx context.Context, p pauses) {
	most, locked, hinted := time.NewTimer(p.most), time.NewTimer(p.locked), time.NewTimer(p.hinted)
	defer most.Stop()
	defer locked.Stop()
	defer hinted.Stop()
	var wake, hint Wake // nobody can be heard through these
	if p.locked <= 0 {
		wake = f.wake
	}
	look, end := f.looks(p)
	defer end()
	for {
		select {
		case <-ctx.Done():
			return
		case <-most.C:
			return
		case <-wake:
			return
		case <-hint:
			return
		case <-look:
			if wake != nil && f.source.(renewable).Renewed() {
				return
			}
		case <-locked.C:
			wake = f.wake
		case <-hinted.C:
			hint = f.hint
		}
	}
}

// looks ticks after a failure, to see whether there are other credentials by now: growing pauses are for those that were refused.
func (f *Feed) looks(p pauses) (look <-chan time.Time, end func()) {
	if _, can := f.source.(renewable); !can || !p.failed {
		return nil, func() {}
	}
	ticker := time.NewTicker(renewalLook)
	return ticker.C, ticker.Stop
}

// take keeps what a fetch came to, and returns whom to tell, nil when that is no news.
func (f *Feed) take(snapshot git.Snapshot, err error) (told func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	var news bool
	select {
	case <-f.first:
		news = text(err) != text(f.err)
	default:
		news = true
		close(f.first)
	}
	if err == nil {
		news = news || snapshot.Revision != f.snapshot.Revision
		f.snapshot = snapshot
	}
	f.err = err
	if !news {
		return nil
	}
	f.moved = true
	return f.listener
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
