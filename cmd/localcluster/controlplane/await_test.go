package controlplane

import (
	"context"
	"errors"
	"testing"
)

func TestAWaitEndsWhenWhatItWaitsForIsThere(t *testing.T) {
	calls := 0
	err := await(t.Context(), "the third call", func(context.Context) error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if err != nil || calls != 3 {
		t.Errorf("%d calls, error %v", calls, err)
	}
}

func TestAWaitThatIsEndedSaysWhyAndWhatItSawLast(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	died := &DiedError{Component: Etcd, Err: errors.New("exit status 2"), Log: "etcd.log", Tail: "  no space"}
	last := errors.New("2 of 3 nodes ready")
	err := await(ctx, "the nodes", func(context.Context) error {
		cancel(died)
		return last
	})
	var got *DiedError
	if !errors.As(err, &got) || got.Component != Etcd || !errors.Is(err, last) {
		t.Errorf("got %v", err)
	}
}
