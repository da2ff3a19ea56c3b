package health

import (
	"context"
	"errors"
	stdsync "sync"
	"testing"
)

// TestNothingIsComputedOnceTheGateHasClosed asks for reports while it closes, over and over.
func TestNothingIsComputedOnceTheGateHasClosed(t *testing.T) {
	ended, end := context.WithCancel(t.Context())
	end()
	for range 500 {
		closed := make(chan struct{})
		l := newLookers(closed)
		var asking stdsync.WaitGroup
		for range 4 {
			asking.Go(func() {
				for {
					err := l.refresh(ended, &session{gate: &Gate{}, looked: make(chan looked, 1)})
					if errors.Is(err, ErrClosed) {
						return
					}
				}
			})
		}
		close(closed)
		l.end()
		asking.Wait()
		l.end()
		if n := len(l.places); n != 0 {
			t.Fatalf("%d places are taken", n)
		}
	}
}
