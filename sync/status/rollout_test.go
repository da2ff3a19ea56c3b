package status_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

var front = object.ID{Kind: "Service", Namespace: "default", Name: "web-service"}

// pods reports those of one workload, each as its name and marks: "!" is ready, "~" of an older revision, "x" on its way
// out. The Service wants wanted endpoints, and has as many as there are ready pods.
func pods(wanted int, marked ...string) sync.Event {
	w := health.Workload{ID: server, Kind: "Deployment", Name: server.Name, Desired: wanted, Status: health.Current, Pods: []health.Pod{}}
	for _, text := range marked {
		p := health.Pod{Name: strings.Trim(text, "!~x"), Ready: strings.Contains(text, "!"), Updated: !strings.Contains(text, "~"), Status: "Running"}
		if strings.Contains(text, "x") {
			p.Status = "Terminating"
		}
		if p.Ready {
			w.Ready++
		}
		w.Pods = append(w.Pods, p)
	}
	r := &health.Report{
		Status: health.Current, Workloads: []health.Workload{w}, Problems: []health.Problem{},
		Services: []health.Service{{ID: front, Name: front.Name, EndpointsReady: w.Ready, EndpointsExpected: wanted, Status: health.Current}},
	}
	if w.Ready != wanted || len(marked) != wanted {
		r.Status, r.Reason, r.Message = health.InProgress, health.RolloutInProgress, "rolling"
		r.Workloads[0].Status, r.Services[0].Status = health.InProgress, health.InProgress
	}
	return sync.Event{Step: sync.StepGate, Report: r}
}

// serving is an app whose first commit serves from those pods.
func serving(names ...string) *history {
	ready := make([]string, 0, len(names))
	for _, name := range names {
		ready = append(ready, name+"!")
	}
	return newHistory().add(first, seen(first, time.Time{}), planned(apply.Created), changed(apply.Created), applied(),
		pods(len(names), ready...), settled())
}

// rolls is a commit that writes, and the reports until it is on record.
func (h *history) rolls(reports ...sync.Event) *history {
	h.add(second, seen(second, time.Time{}), planned(apply.Configured), changed(apply.Configured), applied())
	return h.add(second, append(reports, settled())...)
}

func replaced(r *status.Rollout) []string {
	all := []string{}
	for _, p := range r.Replaced {
		all = append(all, fmt.Sprintf("%s → %s %.0f ms", p.Old, p.New, p.Ms))
	}
	return all
}

func TestARolloutKeepsTheFewestEndpointsAndWhichPodCameForWhich(t *testing.T) {
	h := serving("a", "b").rolls(
		pods(2, "a!~", "b!~", "c"),
		pods(2, "a!~", "b!~", "c!"),
		pods(2, "ax~", "b!~", "c!", "d"),
		pods(2, "b!~", "c!", "d!"),
		pods(2, "bx~", "c!", "d!"),
		pods(2, "c!", "d!"),
	)
	r := h.app.Rollout
	if r.Services[0].Before != 2 || r.Services[0].Lowest != 2 || r.Ended.IsZero() {
		t.Errorf("%+v", r)
	}
	if want := []string{"a → c 5000 ms", "b → d 7000 ms"}; !slices.Equal(replaced(r), want) {
		t.Errorf("replaced %q, want %q", replaced(r), want)
	}
	if want := "endpoints never fewer than 2; 2 pods replaced in 7.0 s"; r.String() != want {
		t.Errorf("said %q, want %q", r, want)
	}
}

func TestARolloutThatLetsGoFirstSaysHowLowItWent(t *testing.T) {
	h := serving("a", "b").rolls(pods(2, "ax~", "bx~"), pods(2, "c", "d"), pods(2, "c!", "d"), pods(2, "c!", "d!"))
	if want := "no endpoints for a while; 2 pods replaced in 6.0 s"; h.app.Rollout.String() != want {
		t.Errorf("said %q, want %q", h.app.Rollout, want)
	}
	if len(h.app.Incidents) > 0 {
		t.Errorf("a commit's own rollout is told as %+v", h.app.Incidents)
	}
}

func TestAPodOfAStatefulSetIsReplacedByOneOfItsName(t *testing.T) {
	h := serving("db-0", "db-1").rolls(
		pods(2, "db-0!~", "db-1!~"), pods(2, "db-0!~", "db-1x~"), pods(2, "db-0!~", "db-1"), pods(2, "db-0!~", "db-1!"),
		pods(2, "db-0", "db-1!"), pods(2, "db-0!", "db-1!"),
	)
	if want := []string{"db-1 → db-1 6000 ms", "db-0 → db-0 8000 ms"}; !slices.Equal(replaced(h.app.Rollout), want) {
		t.Errorf("replaced %q, want %q", replaced(h.app.Rollout), want)
	}
}

func TestAScaleReplacesNothing(t *testing.T) {
	h := serving("a").rolls(pods(3, "a!", "b", "c"), pods(3, "a!", "b!", "c!"))
	if r := h.app.Rollout; len(r.Replaced) > 0 || r.String() != "" || r.Services[0].Lowest != 1 {
		t.Errorf("%+v", r)
	}
	h = serving("a", "b").rolls(pods(1, "ax", "b!"), pods(1, "b!"))
	if r := h.app.Rollout; len(r.Replaced) > 0 {
		t.Errorf("%+v", r)
	}
}

func TestWhatHappensAfterARolloutIsNotItsOwn(t *testing.T) {
	h := serving("a", "b").rolls(pods(2, "a!~", "b!~", "c!"), pods(2, "b!~", "c!"), pods(2, "c!", "d!"))
	before := h.app.Rollout
	h.add(second, pods(2, "c!"), pods(2, "c!", "e!"))
	if h.app.Rollout != before {
		t.Errorf("%+v", h.app.Rollout)
	}
}

func TestARolloutLearnsNothingWhileTheClusterIsAway(t *testing.T) {
	away := pods(2)
	away.Report.Status = health.Unknown
	h := serving("a", "b").rolls(pods(2, "a!~", "b!~", "c!"), away, pods(2, "c!", "d!"))
	if lowest := h.app.Rollout.Services[0].Lowest; lowest != 2 {
		t.Errorf("lowest is %d", lowest)
	}
}

func TestFoldLeavesTheRolloutThatItIsGivenAsItIs(t *testing.T) {
	h := serving("a").add(second, seen(second, time.Time{}), planned(apply.Configured), applied(), pods(1, "a!~", "b"))
	before, at := h.app, h.now
	want, err := json.Marshal(before)
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time from the same start
		h.app, h.now = before, at
		h.add(second, pods(1, "b!"), settled())
		if got := replaced(h.app.Rollout); len(got) != 1 {
			t.Errorf("replaced %q", got)
		}
	}
	if got, err := json.Marshal(before); err != nil || string(got) != string(want) {
		t.Errorf("%v\nbefore %s\nafter  %s", err, want, got)
	}
}
