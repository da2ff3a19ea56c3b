package sync

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestAPulseKnowsTheOldestWorkThatHasNotEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := NewPulse()
		first := p.begin()
		time.Sleep(3 * time.Minute)
		second := p.begin()
		time.Sleep(time.Minute)
		if got := p.Longest(); got != 4*time.Minute {
			t.Errorf("%s, want 4m", got)
		}
		first()
		if got := p.Longest(); got != time.Minute {
			t.Errorf("%s after the first has ended, want 1m", got)
		}
		second()
		if got := p.Longest(); got != 0 {
			t.Errorf("%s of nothing", got)
		}
	})
}

func TestAWorkerIsWatchedFromItsTurnUntilItGivesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		pool := NewPool(1)
		pool.pulse = NewPulse()
		held := turn{pool: pool}
		if err := held.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		if got := pool.pulse.Longest(); got != time.Hour {
			t.Errorf("%s, want 1h", got)
		}
		waiting := turn{pool: pool}
		ended := make(chan error)
		go func() { ended <- waiting.take(t.Context()) }()
		held.give()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		if got := pool.pulse.Longest(); got != 0 {
			t.Errorf("%s: the wait for a turn counts", got)
		}
	})
}
