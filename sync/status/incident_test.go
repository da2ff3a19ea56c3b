package status_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestAServiceBelowItsCountIsAnIncidentUntilItIsWhole(t *testing.T) {
	h := serving("a", "b", "c")
	from := h.now
	h.add(first, pods(3, "a!", "b!"))
	if len(h.app.Incidents) != 1 || !h.app.Incidents[0].Until.IsZero() || h.app.State != sync.Progressing || !h.app.Since.Equal(from) {
		t.Fatalf("%s since %s, %+v", h.app.State, h.app.Since, h.app.Incidents)
	}
	open := h.app
	h.add(first, pods(3, "a!"), pods(3, "a!", "b!", "c!"))
	want := status.Incident{
		ID: front, Service: "web-service", From: from, Until: from.Add(2 * time.Second), Lowest: 1, Expected: 3,
		Reason: health.RolloutInProgress,
	}
	if got := h.app.Incidents; len(got) != 1 || got[0] != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if over := h.app.Over(open); len(over) != 1 || over[0].String() != "web-service was below 3 endpoints for 2.0 s" {
		t.Errorf("over: %v", over)
	}
	if over := h.app.Over(h.app); len(over) > 0 {
		t.Errorf("told twice: %v", over)
	}
	if !open.Incidents[0].Until.IsZero() {
		t.Error("Fold has changed the status that it was given")
	}
}

func TestAnIncidentIsTheReasonsThatTellsMost(t *testing.T) {
	h := serving("a", "b")
	worse := pods(2, "a!")
	worse.Report.Reason = health.Unschedulable
	h.add(first, pods(2, "a!"), worse, pods(2), pods(2, "a!", "c!"))
	i := h.app.Incidents[0]
	if i.Reason != health.Unschedulable || i.String() != "web-service was below 2 endpoints for 3.0 s, and had none for a while" {
		t.Errorf("%s, %+v", i, i)
	}
}

func TestScalingUpAndDownIsNoIncident(t *testing.T) {
	h := serving("a", "b")
	h.add(first, pods(4, "a!", "b!", "c"), pods(4, "a!", "b!", "c!", "d!"), pods(1, "a!", "bx", "cx", "dx"), pods(1, "a!"))
	if len(h.app.Incidents) > 0 {
		t.Errorf("%+v", h.app.Incidents)
	}
}

func TestACommitsOwnGapIsNoIncidentAndOneThatIsOpenGoesOn(t *testing.T) {
	h := serving("a", "b").add(first, pods(2, "a!"))
	h.rolls(pods(2, "ax~"), pods(2, "c!"), pods(2, "c!", "d!"))
	if len(h.app.Incidents) != 1 || h.app.Incidents[0].Until.IsZero() || h.app.Incidents[0].Lowest != 0 {
		t.Errorf("%+v", h.app.Incidents)
	}
}

func TestAServiceThatIsGoneEndsItsIncident(t *testing.T) {
	gone := pods(2, "a!", "b!")
	gone.Report.Services = []health.Service{}
	h := serving("a", "b").add(first, pods(2, "a!"), gone)
	if len(h.app.Incidents) != 1 || h.app.Incidents[0].Until.IsZero() {
		t.Errorf("%+v", h.app.Incidents)
	}
}

func TestAClusterThatIsAwayIsNoIncident(t *testing.T) {
	away := pods(2)
	away.Report.Status = health.Unknown
	if h := serving("a", "b").add(first, away); len(h.app.Incidents) > 0 {
		t.Errorf("%+v", h.app.Incidents)
	}
}

func TestTheLastIncidentsAreKept(t *testing.T) {
	h := serving("a", "b")
	began := h.now
	for range 25 {
		h.add(first, pods(2, "a!"), pods(2, "a!", "b!"))
	}
	if n := len(h.app.Incidents); n != 20 || !h.app.Incidents[0].From.Equal(began.Add(10*time.Second)) {
		t.Errorf("%d incidents, the first %+v", n, h.app.Incidents[0])
	}
}

func TestIncidentsAndTheRolloutSurviveTheClient(t *testing.T) {
	h := serving("a", "b").rolls(pods(2, "a!~", "b!~", "c!"), pods(2, "c!", "d!")).add(second, pods(2, "c!"))
	text, err := json.Marshal(h.app)
	if err != nil {
		t.Fatal(err)
	}
	var got status.App
	if err := json.Unmarshal(text, &got); err != nil {
		t.Fatal(err)
	}
	if got.Rollout.String() != h.app.Rollout.String() || len(got.Incidents) != 1 || got.Incidents[0] != h.app.Incidents[0] {
		t.Errorf("%s", text)
	}
}

// scales is the outcome of a change of the number of replicas.
func scales(name, before, after string) sync.Event {
	id := server
	id.Name = name
	return sync.Event{Step: sync.StepApply, Change: &apply.Change{
		ID: id, Action: apply.Configured, Fields: []apply.Field{{Path: "spec.replicas", Old: &before, New: &after}},
	}}
}

func TestACommitThatChangesNothingButReplicasIsToldAsAScale(t *testing.T) {
	scale := func(more ...sync.Event) *history {
		h := serving("a").add(second, seen(second, time.Time{}), planned(apply.Configured))
		h.add(second, append(more, applied(), pods(3, "a!", "b"), pods(3, "a!", "b!", "c!"), settled())...)
		return h
	}
	for _, c := range []struct {
		name    string
		changes []sync.Event
		want    string
	}{
		{"one workload", []sync.Event{scales("web-server", "1", "3"), changed(apply.Unchanged)}, "scaled web-server 1 → 3 in 6.0 s, endpoints 3/3"},
		{"two workloads", []sync.Event{scales("web", "1", "3"), scales("api", "4", "2")}, "scaled web 1 → 3, api 4 → 2 in 6.0 s, endpoints 3/3"},
		{"an image as well", []sync.Event{scales("web", "1", "3"), changed(apply.Configured)}, ""},
		{"a new object as well", []sync.Event{scales("web", "1", "3"), changed(apply.Created)}, ""},
		{"nothing", []sync.Event{changed(apply.Unchanged)}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := scale(c.changes...)
			if got := h.app.Scaled(); got != c.want {
				t.Errorf("said %q, want %q", got, c.want)
			}
			want := c.want
			if want == "" {
				want = h.app.Standing()
			}
			if h.add(second, pods(3, "a!", "b!", "c!")); h.app.Message != want { // the watch that begins after the gate
				t.Errorf("message %q, want %q", h.app.Message, want)
			}
			h.add(second, pods(3, "a!", "b!"), pods(3, "a!", "b!", "d!"))
			if h.app.Message != h.app.Standing() {
				t.Errorf("after a pod was lost and found the message is %q", h.app.Message)
			}
		})
	}
}

func TestDriftThatIsPutRightIsNoScale(t *testing.T) {
	h := serving("a", "b")
	drift := scales("web-server", "1", "2")
	drift.Change.Drift = true
	h.add(first, planned(apply.Configured), drift, applied(), pods(2, "a!", "b!"), settled())
	if got := h.app.Scaled(); got != "" {
		t.Errorf("said %q", got)
	}
}
