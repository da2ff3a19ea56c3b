package sync

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// clock is a source that notes when it is asked.
type clock struct {
	asked atomic.Int64
	busy  atomic.Int64 // fetches under way
	most  atomic.Int64 // of them at once
	takes time.Duration

	mu       stdsync.Mutex
	snapshot git.Snapshot
	err      error

	renewed atomic.Bool // until it is asked
	panics  atomic.Bool
}

func (c *clock) Renewed() bool { return c.renewed.Load() }

func (c *clock) Fetch(context.Context) (git.Snapshot, error) {
	c.asked.Add(1)
	c.renewed.Store(false)
	c.most.Store(max(c.most.Load(), c.busy.Add(1)))
	defer c.busy.Add(-1)
	if c.panics.Load() {
		panic("index out of range")
	}
	time.Sleep(c.takes)
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.snapshot, c.err
}

func (c *clock) set(hash string, at time.Time, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot, c.err = git.Snapshot{Revision: git.Revision{Ref: "main", Hash: hash}, Time: at}, err
}

// within returns how often it is asked in the next while.
func (c *clock) within(d time.Duration) int64 {
	before := c.asked.Load()
	time.Sleep(d)
	return c.asked.Load() - before
}

// fed runs a feed of c, at time that passes at once, and ends it.
func fed(t *testing.T, c *clock, interval time.Duration, test func(t *testing.T, f *Feed)) {
	synctest.Test(t, func(t *testing.T) {
		ctx, end := context.WithCancel(t.Context())
		f := NewFeed(c, interval)
		var running stdsync.WaitGroup
		running.Go(func() { _ = f.Run(ctx) })
		defer running.Wait()
		defer end()
		synctest.Wait()
		test(t, f)
	})
}

// asks reports whether a count is one of asking at a pause for a while, within the jitter.
func asks(t *testing.T, when string, got int64, while, pause time.Duration) {
	t.Helper()
	if n := float64(while) / float64(pause); float64(got) < n/1.25-1 || float64(got) > n/0.75+1 {
		t.Errorf("%s: asked %d times in %s, want about %.0f", when, got, while, n)
	}
}

func TestARestingRepositoryIsAskedAtTheIntervalAndAnActiveOneMoreOften(t *testing.T) {
	const interval = 30 * time.Second
	c := &clock{}
	fed(t, c, interval, func(t *testing.T, f *Feed) {
		c.set("a", time.Now().Add(-24*time.Hour), nil)
		f.Wake()
		asks(t, "at rest", c.within(time.Hour), time.Hour, interval)
		c.set("b", time.Now().Add(-time.Hour), nil) // which was made before it was pushed
		f.Wake()
		asks(t, "after a commit", c.within(20*time.Second), 20*time.Second, shortestPause)
		c.within(10 * time.Minute)
		asks(t, "at rest again", c.within(time.Hour), time.Hour, interval)
	})
}

func TestTheFirstCommitIsAsOldAsItSays(t *testing.T) {
	for when, c := range map[string]struct{ age, pause time.Duration }{
		"long ago": {24 * time.Hour, 30 * time.Second}, "just now": {0, shortestPause}, "tomorrow": {-24 * time.Hour, shortestPause},
	} {
		source := &clock{}
		synctest.Test(t, func(*testing.T) { source.set("a", time.Now().Add(-c.age), nil) })
		fed(t, source, 30*time.Second, func(t *testing.T, _ *Feed) {
			asks(t, when, source.within(15*time.Second), 15*time.Second, c.pause)
		})
	}
}

func TestAShortIntervalIsKeptWhateverMoves(t *testing.T) {
	c := &clock{}
	fed(t, c, time.Second, func(t *testing.T, _ *Feed) {
		asks(t, "at once", c.within(time.Minute), time.Minute, time.Second)
		c.within(time.Hour)
		asks(t, "at rest", c.within(time.Minute), time.Minute, time.Second)
	})
}

func TestAHintComesAtOnceAndAnyNumberOfThemIsOneFetchAtATime(t *testing.T) {
	c := &clock{takes: 50 * time.Millisecond}
	fed(t, c, time.Hour, func(t *testing.T, f *Feed) {
		c.within(24 * time.Hour)
		if n := c.within(0); n != 0 {
			t.Fatal("asked without a hint")
		}
		f.Hint()
		synctest.Wait()
		if c.busy.Load() != 1 {
			t.Error("a hint was not heard at once")
		}
		before := c.asked.Load()
		for range 10_000 {
			f.Hint()
			time.Sleep(time.Millisecond)
		}
		if n := c.asked.Load() - before; n < 35 || n > 41 { // each takes 50 ms, and the gap
			t.Errorf("10,000 hints in 10 s were %d fetches", n)
		}
		if c.most.Load() != 1 {
			t.Errorf("%d fetches at once", c.most.Load())
		}
		c.within(time.Second)
		if n := c.within(time.Minute); n != 0 {
			t.Errorf("asked %d times after the last hint", n)
		}
	})
}

func TestAHintDuringAFetchLeadsToAnother(t *testing.T) {
	c := &clock{takes: 10 * time.Second}
	fed(t, c, time.Hour, func(t *testing.T, f *Feed) {
		f.Hint()
		if n := c.within(11 * time.Second); n != 1 {
			t.Errorf("asked %d times again", n)
		}
	})
}

func TestAServerInTroubleIsAskedAtGrowingPausesWhateverTheHints(t *testing.T) {
	c := &clock{err: errors.New("refused")}
	fed(t, c, 10*time.Second, func(t *testing.T, f *Feed) {
		if n := c.within(time.Hour); n < 12 || n > 25 { // 5, 10, 20 ... seconds, then each 5 minutes
			t.Errorf("asked %d times in an hour", n)
		}
		before := c.asked.Load()
		for range 600 {
			f.Hint()
			time.Sleep(100 * time.Millisecond)
		}
		asks(t, "hinted", c.asked.Load()-before, time.Minute, firstFetchRetry)
		c.within(2 * firstFetchRetry) // the last hint is heard
		before = c.asked.Load()
		f.Wake()
		synctest.Wait()
		if n := c.asked.Load() - before; n != 1 {
			t.Errorf("woken, and asked %d times", n)
		}
		c.set("a", time.Now(), nil)
		f.Wake()
		synctest.Wait()
		c.set("a", time.Now(), errors.New("refused"))
		f.Wake()
		asks(t, "after a good answer", c.within(time.Minute), 35*time.Second, 10*time.Second) // after 5, 15 and 35 s
	})
}

// throttled is the error of a server that asks for a pause.
func throttled(t *testing.T, seconds string) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", seconds)
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	repository, err := git.Open(git.Options{URL: server.URL + "/a.git", Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = repository.Close() }()
	_, err = repository.Fetch(t.Context())
	return err
}

func TestAServerThatAsksForAPauseGetsItWhateverHappens(t *testing.T) {
	c := &clock{err: throttled(t, "120")}
	fed(t, c, time.Second, func(t *testing.T, f *Feed) {
		for range 119 {
			f.Hint()
			f.Wake()
			time.Sleep(time.Second)
		}
		if n := c.asked.Load(); n != 1 {
			t.Errorf("asked %d times in its two minutes", n-1)
		}
		c.set("a", time.Now().Add(-time.Hour), nil)
		c.within(30 * time.Second)
		asks(t, "after it", c.within(time.Minute), time.Minute, time.Second)
	})
}

// TestNewCredentialsAreUsedAtOnceHoweverLongOthersWereRefused begins with a night of refusals.
func TestNewCredentialsAreUsedAtOnceHoweverLongOthersWereRefused(t *testing.T) {
	c := &clock{err: errors.New("access denied")}
	fed(t, c, 30*time.Second, func(t *testing.T, f *Feed) {
		c.within(8 * time.Hour)
		f.Wake()
		c.within(time.Second)
		c.renewed.Store(true)
		if n := c.within(renewalLook); n != 1 {
			t.Errorf("asked %d times with new credentials", n)
		}
		c.renewed.Store(true)
		if n := c.within(renewalLook); n != 1 {
			t.Errorf("asked %d times when they were refused as well", n)
		}
	})
	c = &clock{err: throttled(t, "120")}
	fed(t, c, 30*time.Second, func(t *testing.T, _ *Feed) {
		c.renewed.Store(true)
		if n := c.within(119 * time.Second); n != 0 {
			t.Errorf("asked %d times in a pause that the server has asked for", n)
		}
	})
}

func TestAServerThatMakesAFetchPanicIsAskedAgain(t *testing.T) {
	c := &clock{}
	c.panics.Store(true)
	fed(t, c, 30*time.Second, func(t *testing.T, f *Feed) {
		_, err := f.Fetch(t.Context())
		if _, is := errors.AsType[*PanicError](err); !is || !strings.Contains(err.Error(), "panic: index out of range: please report") {
			t.Errorf("fetch: %v", err)
		}
		c.panics.Store(false)
		c.set("a", time.Now(), nil)
		c.within(2 * firstFetchRetry)
		if s, err := f.Fetch(t.Context()); err != nil || s.Revision.Hash != "a" {
			t.Errorf("fetch: %v, %v", s.Revision, err)
		}
	})
}
