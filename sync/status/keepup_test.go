package status_test

import (
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestACommitAboutOtherAppsIsToldWithItsOwnWords(t *testing.T) {
	same := sync.Event{Step: sync.StepFetch, Same: &git.Snapshot{Revision: second, Author: "Bob", Message: "Another app"}}
	app := newHistory().add(first, deploy(first)...).add(second, same).app
	if app.Revision.Seen != second || app.Commit.Author != "Bob" || app.Commit.Message != "Another app" {
		t.Errorf("%s is said to be %+v", app.Revision.Seen, app.Commit)
	}
}

func TestAnAppThatWaitsForOthersHoldsNoReadinessUp(t *testing.T) {
	s := status.NewStore(app, sync.App{Name: "shop", DependsOn: []string{"web"}})
	tell := func(name string, event sync.Event) {
		event.App, event.At = name, time.Now()
		s.Observe(t.Context(), event)
	}
	tell("shop", sync.Event{Waits: `waits for the app "web", which is Pending`})
	if s.Ready() {
		t.Error("ready before the app that is waited for has had a pass")
	}
	tell("web", sync.Event{Step: sync.StepFetch, Err: &sync.Error{Step: sync.StepFetch, Err: git.ErrNotFound}})
	if !s.Ready() {
		t.Error("not ready, as an app waits for one that fails")
	}
	tell("shop", sync.Event{Step: sync.StepFetch, Revision: first, Snapshot: &git.Snapshot{Revision: first}})
	tell("shop", sync.Event{Step: sync.StepPlan, Revision: first, Plan: &apply.Plan{}})
	if !s.Ready() {
		t.Error("not ready any more, as the app has begun at last")
	}
}
