package sync

import (
	"context"
	stdsync "sync"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// crowd counts how many sources are asked at a time, each until it is let go.
type crowd struct {
	mu        stdsync.Mutex
	now, most int
	entered   chan struct{}
	release   chan struct{}
}

func (c *crowd) enters(by int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now += by
	c.most = max(c.most, c.now)
}

func (c *crowd) Fetch(ctx context.Context) (git.Snapshot, error) {
	c.enters(1)
	defer c.enters(-1)
	c.entered <- struct{}{}
	select {
	case <-c.release:
		return git.Snapshot{}, git.ErrNoCommits
	case <-ctx.Done():
		return git.Snapshot{}, context.Cause(ctx)
	}
}

// fetches has so many sources of the crowd asked as a fleet does, until the test ends.
func (c *crowd) fetches(t *testing.T, n int, room *berths) {
	t.Helper()
	c.entered, c.release = make(chan struct{}, n), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	var running stdsync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	for range n {
		feed := NewFeed(c, time.Hour)
		feed.berths = room
		running.Go(func() { _ = feed.Run(ctx) })
	}
}

// next waits until another source is asked.
func (c *crowd) next(t *testing.T) {
	t.Helper()
	select {
	case <-c.entered:
	case <-time.After(time.Minute):
		t.Fatal("nobody is asked any more")
	}
}

func TestAThousandRepositoriesAreNotFetchedAllAtOnce(t *testing.T) {
	var c crowd
	room := newBerths()
	room.long = time.Hour
	c.fetches(t, 1000, room)
	for range fetchesAtOnce {
		c.next(t)
	}
	for range 1000 - fetchesAtOnce {
		c.release <- struct{}{}
		c.next(t)
	}
	if c.most > fetchesAtOnce {
		t.Errorf("%d at a time, want no more than %d", c.most, fetchesAtOnce)
	}
}

func TestRepositoriesThatNeverAnswerHoldUpNoFetch(t *testing.T) {
	var c crowd
	room := newBerths()
	room.long = time.Millisecond
	c.fetches(t, 3*fetchesAtOnce, room)
	for range 3 * fetchesAtOnce { // none is let go
		c.next(t)
	}
}
