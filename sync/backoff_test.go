package sync

import (
	"errors"
	"net/url"
	"testing"
	"time"
)

func TestPausesDoubleUpToALimit(t *testing.T) {
	var b backoff
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300} {
		want *= time.Second
		if got := b.next(firstRetry, lastRetry); got < want*8/10 || got > want*12/10 {
			t.Errorf("pause %d is %s, want %s within a fifth", i, got, want)
		}
	}
	for range 1000 {
		if got := b.next(firstRetry, lastRetry); got <= 0 || got > lastRetry*12/10 {
			t.Fatalf("pause %s", got)
		}
	}
	b.reset()
	if got := b.next(firstFetchRetry, lastRetry); got > firstFetchRetry*12/10 {
		t.Errorf("after a success the first pause is %s", got)
	}
}

func TestAClusterThatIsAwayIsAskedOften(t *testing.T) {
	l := Loop{Interval: time.Minute}
	away := &Error{Step: StepLoad, Err: &url.Error{Op: "Get", URL: "https://127.0.0.1", Err: errors.New("refused")}}
	for range 50 {
		if got := l.pause(t.Context(), away); got > lastClusterRetry*12/10 {
			t.Fatalf("pause %s", got)
		}
	}
	unreachable := &Error{Step: StepFetch, Err: errors.New("refused")}
	if got := l.pause(t.Context(), unreachable); got < lastRetry*8/10 {
		t.Errorf("a git server that is away is pressed: pause %s", got)
	}
}

func TestPausesDiffer(t *testing.T) {
	seen := map[time.Duration]bool{}
	for range 100 {
		seen[jittered(time.Minute)] = true
	}
	if len(seen) < 50 {
		t.Errorf("only %d different pauses", len(seen))
	}
}

func TestAWakeThatIsPokedOftenWakesOnce(t *testing.T) {
	w := NewWake()
	for range 100 {
		w.Poke()
	}
	<-w
	select {
	case <-w:
		t.Error("woken twice")
	default:
	}
}
