package sync_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

func TestAMessageLeavesOutWhatIsSaidBesideIt(t *testing.T) {
	failure := &health.Failure{Report: &health.Report{Reason: health.Unschedulable, Message: "no node"}}
	for want, err := range map[string]error{"no node; kept 1 object at 3f2a1c9": failure, "two; lines; kept 1 object at 3f2a1c9": errors.New("two\nlines")} {
		e := &sync.Error{Step: sync.StepGate, App: "web", Revision: revision, Err: err, Kept: 1, At: revision}
		if got := e.Message(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestAnAdviceIsThatOfTheCause(t *testing.T) {
	unhealthy := &health.Failure{Report: &health.Report{Reason: health.ImagePull, Problems: []health.Problem{
		{Reason: health.Unschedulable, Advice: "Add a node."}, {Reason: health.ImagePull, Advice: "Correct the image's name."},
	}}}
	for want, e := range map[string]*sync.Error{
		"Correct the image's name.": {Step: sync.StepGate, Err: unhealthy},
		"":                          {Step: sync.StepPlan, Err: &apply.Blocked{}}, // its own words say what allows it
		"Nothing was deleted. Bring the manifests back, or correct the path of the app.": {
			Step: sync.StepRead, Err: fmt.Errorf("stat web: %w", git.ErrPathNotFound), Kept: 2,
		},
		"Make a first commit on the branch.": {Step: sync.StepFetch, Err: git.ErrNoCommits},
	} {
		if got := e.Advice(); got != want {
			t.Errorf("%v: %q, want %q", e.Err, got, want)
		}
	}
}
