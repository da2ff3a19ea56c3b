package clustertest

import (
	"context"
	"testing"
	"time"
)

const (
	// patience is how long Eventually waits, for a machine that is busy with other tests.
	patience = time.Minute
	// grace is what is left of the deadline of go test for the report of the failure.
	grace        = 5 * time.Second
	pollInterval = 20 * time.Millisecond
)

// Eventually waits until cond returns true. It fails the test, with what was waited for and the last string that cond
// returned, after a minute or just before the deadline of go test. The context that cond gets ends then, too.
func Eventually(t testing.TB, what string, cond func(ctx context.Context) (done bool, state string)) {
	t.Helper()
	ctx, cancel := context.WithDeadline(t.Context(), deadline(t))
	defer cancel()
	tick := time.NewTicker(pollInterval)
	defer tick.Stop()
	for {
		done, state := cond(ctx)
		if done {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s; last seen: %s", what, state)
		case <-tick.C:
		}
	}
}

func deadline(t testing.TB) time.Time {
	end := time.Now().Add(patience)
	limited, ok := t.(interface{ Deadline() (time.Time, bool) })
	if !ok {
		return end
	}
	if limit, set := limited.Deadline(); set && limit.Add(-grace).Before(end) {
		return limit.Add(-grace)
	}
	return end
}
