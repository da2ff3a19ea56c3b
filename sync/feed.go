package sync

import (
	"context"
	"fmt"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// Feed is one repository, fetched once for all of its apps. It is a [Source] that costs its apps nothing: they get what
// the last fetch came to.
type Feed struct {
	source   Source
	interval time.Duration
	wake     Wake

	mu       stdsync.Mutex
	snapshot git.Snapshot // the last good one
	err      error        // of the last fetch
	first    chan struct{}
	moved    bool // since news was called
	listener func()
}

// NewFeed returns a Feed that asks source each interval, or sooner when it is woken.
func NewFeed(source Source, interval time.Duration) *Feed {
	return &Feed{source: source, interval: interval, wake: NewWake(), first: make(chan struct{})}
}

// repository is what apps call the source; empty when it has no name.
func (f *Feed) repository() string {
	if named, ok := f.source.(fmt.Stringer); ok {
		return named.String()
	}
	return ""
}

// Wake has the source asked at once.
func (f *Feed) Wake() { f.wake.Poke() }

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

// Run fetches until ctx ends, and returns nil then. After an error the source is asked at growing pauses.
func (f *Feed) Run(ctx context.Context) error {
	var retries backoff
	for ctx.Err() == nil {
		snapshot, err := f.source.Fetch(ctx)
		if ctx.Err() != nil {
			return nil //nolint:nilerr // what ended the fetch is what ends this
		}
		if told := f.take(snapshot, err); told != nil {
			told()
		}
		pause := jittered(f.interval)
		if err == nil {
			retries.reset()
		} else {
			pause = retries.next(firstFetchRetry, lastRetry)
		}
		f.rest(ctx, pause)
	}
	return nil
}

func (f *Feed) rest(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-f.wake:
	case <-timer.C:
	}
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
