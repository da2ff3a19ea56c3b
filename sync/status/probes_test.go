package status_test

import (
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestWhatTheProbesCameToStaysUntilTheNextCommit(t *testing.T) {
	answered := probe.Result{
		URL: "http://web-service:80/", Asked: 10, Answered: 10, Pods: []probe.Pod{{Name: "web-a", Answers: 6, Alone: true}, {Name: "web-b", Answers: 4, Alone: true}},
	}
	app := status.New(sync.App{Name: "web"})
	report := func(r health.Report) {
		app = status.Fold(app, sync.Event{Step: sync.StepGate, Report: &r, At: time.Now()})
	}
	report(health.Report{Status: health.Current, Probes: []probe.Result{answered}})
	report(health.Report{Status: health.Current})
	if got, want := app.Answered(), "10 of 10 requests answered: web-a 6, web-b 4"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	report(health.Report{Status: health.Current, Probes: []probe.Result{answered, {URL: "http://api:80/", Asked: 10, Answered: 10}}})
	want := "http://web-service:80/: 10 of 10 requests answered: web-a 6, web-b 4; http://api:80/: 10 of 10 requests answered, and each of 0 pods when asked alone"
	if got := app.Answered(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	app = status.Fold(app, sync.Event{Step: sync.StepFetch, Snapshot: &git.Snapshot{}, At: time.Now()})
	if app.Answered() != "" {
		t.Errorf("of the commit before: %q", app.Answered())
	}
}
