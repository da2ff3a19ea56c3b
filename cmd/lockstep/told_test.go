package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

func TestAFailureIsSilencedOnlyWhereItHasBeenTold(t *testing.T) {
	app := sync.App{Name: "web"}
	unhealthy := &sync.Error{App: "web", Step: sync.StepGate, Err: &health.Failure{Report: &health.Report{}}}
	if err := unlessTold(t.Context(), unhealthy, &logObserver{}, os.Stderr); !errors.Is(err, exit(exitGateFailed)) {
		t.Errorf("beside a log: got %v, want the exit code alone", err)
	}
	for name, view := range map[string]sync.Observer{
		"plain lines": live.NewLines(&bytes.Buffer{}, app), "a picture elsewhere": live.NewTerminal(os.Stdout, app),
	} {
		if err := unlessTold(t.Context(), unhealthy, view, &bytes.Buffer{}); !errors.Is(err, unhealthy) {
			t.Errorf("%s: got %v, want the failure", name, err)
		}
	}
	ended, end := context.WithCancel(t.Context())
	end()
	for _, ctx := range []context.Context{t.Context(), ended} {
		if err := unlessTold(ctx, interrupted{}, &logObserver{}, os.Stderr); !errors.Is(err, interrupted{}) {
			t.Errorf("got %v, want what no view knows", err)
		}
	}
	if err := unlessTold(ended, unhealthy, &logObserver{}, os.Stderr); !errors.Is(err, unhealthy) {
		t.Errorf("got %v, want a failure that no view was told of any more", err)
	}
}
