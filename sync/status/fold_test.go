package status_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

var (
	app    = sync.App{Name: "web", Repository: "/repo", Path: "manifests", Namespace: "default"}
	first  = git.Revision{Ref: "main", Hash: "1111111111111111111111111111111111111111"}
	second = git.Revision{Ref: "main", Hash: "2222222222222222222222222222222222222222"}
	began  = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	server = object.ID{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web-server"}
)

// history is a sequence of events, one a second.
type history struct {
	app status.App
	now time.Time
}

func newHistory() *history { return &history{app: status.New(app), now: began} }

func (h *history) add(revision git.Revision, events ...sync.Event) *history {
	for _, event := range events {
		event.App, event.At, event.Revision = "web", h.now, revision
		h.app = status.Fold(h.app, event)
		h.now = h.now.Add(time.Second)
	}
	return h
}

func seen(r git.Revision, moved time.Time) sync.Event {
	return sync.Event{Step: sync.StepFetch, Snapshot: &git.Snapshot{Revision: r, Author: "Ada", Message: "Scale", Moved: moved}}
}

func planned(actions ...apply.Action) sync.Event {
	plan := &apply.Plan{}
	for _, action := range actions {
		plan.Changes = append(plan.Changes, &apply.Change{ID: server, Action: action})
	}
	return sync.Event{Step: sync.StepPlan, Plan: plan}
}

func changed(action apply.Action) sync.Event {
	return sync.Event{Step: sync.StepApply, Change: &apply.Change{ID: server, Action: action}}
}

func applied() sync.Event { return sync.Event{Step: sync.StepApply, Applied: &apply.Plan{}} }

func report(s health.Status, ready int) sync.Event {
	r := &health.Report{
		Status: s, Message: "message", Services: []health.Service{}, Problems: []health.Problem{},
		Workloads: []health.Workload{{ID: server, Desired: 3, Ready: ready, Status: s}},
	}
	if s != health.Current {
		r.Reason = health.RolloutInProgress
	}
	return sync.Event{Step: sync.StepGate, Report: r}
}

func settled() sync.Event { return sync.Event{Step: sync.StepSave, Record: &sync.Outcome{}} }

func failed(step sync.Step, err error) sync.Event {
	return sync.Event{Step: step, Err: &sync.Error{Step: step, App: "web", Err: err}}
}

// deploy is a commit's way to healthy.
func deploy(r git.Revision) []sync.Event {
	return []sync.Event{
		seen(r, time.Time{}), planned(apply.Created), changed(apply.Created), applied(),
		report(health.InProgress, 1), report(health.Current, 3), settled(),
	}
}

func TestACommitGoesThroughItsStatesToHealthy(t *testing.T) {
	h := newHistory()
	var states []sync.State
	for _, event := range deploy(first) {
		h.add(first, event)
		states = append(states, h.app.State)
	}
	want := []sync.State{sync.Syncing, sync.Syncing, sync.Syncing, sync.Progressing, sync.Progressing, sync.Progressing, sync.Healthy}
	if !slices.Equal(states, want) {
		t.Errorf("states %v, want %v", states, want)
	}
	if h.app.Message != "3 pods ready" {
		t.Errorf("a healthy app says %q", h.app.Message)
	}
	if h.app.Revision.Healthy != first || h.app.Revision.Applied != first || h.app.Objects.Created != 1 || h.app.Reason != "" {
		t.Errorf("%+v", h.app)
	}
}

func TestTheTimelineBeginsWithTheCommitUnlessItWasThereBefore(t *testing.T) {
	h := newHistory().add(first, seen(first, began.Add(-time.Hour)))
	if step := h.app.Timeline[0].Step; step != status.Seen {
		t.Errorf("the first commit's timeline begins with %q", step)
	}
	moved := h.now.Add(-250 * time.Millisecond)
	h.add(second, seen(second, moved))
	if h.app.Timeline[0].Step != status.Committed || h.app.Timeline.At(status.Seen).Ms != 250 {
		t.Errorf("timeline %+v", h.app.Timeline)
	}
}

func TestAPassThatOnlyLooksChangesNothing(t *testing.T) {
	h := newHistory().add(first, deploy(first)...)
	before := h.app
	h.add(first, planned(apply.Unchanged, apply.Skipped), changed(apply.Unchanged), changed(apply.Skipped), applied(), report(health.Current, 3), settled())
	if h.app.State != sync.Healthy || h.app.Since != before.Since || len(h.app.Changes) != len(before.Changes) || h.app.Objects.Created != 1 {
		t.Errorf("before %+v\nafter %+v", before, h.app)
	}
	if len(h.app.Timeline) != len(before.Timeline) {
		t.Errorf("timeline %+v", h.app.Timeline)
	}
}

func TestAPodThatDiesTurnsTheAppProgressingAndBack(t *testing.T) {
	h := newHistory().add(first, deploy(first)...)
	h.add(first, report(health.InProgress, 2))
	if h.app.State != sync.Progressing || h.app.Reason != "RolloutInProgress" {
		t.Errorf("%s %s", h.app.State, h.app.Reason)
	}
	h.add(first, report(health.Current, 3))
	if h.app.State != sync.Healthy || h.app.Reason != "" {
		t.Errorf("%s %s", h.app.State, h.app.Reason)
	}
}

func TestWhatFailedBeforeTheGateStaysFailedWhileThePodsAreFine(t *testing.T) {
	h := newHistory().add(first, deploy(first)...)
	h.add(second, seen(second, time.Time{}), failed(sync.StepRead, errors.New("junk")), report(health.InProgress, 2), report(health.Current, 3))
	if h.app.State != sync.Failed || h.app.Reason != "ManifestInvalid" || h.app.Revision.Applied != first || h.app.Workloads[0].Ready != 3 {
		t.Errorf("%+v", h.app)
	}
	h.add(second, failed(sync.StepFetch, git.ErrUnavailable), planned(), applied(), settled())
	if h.app.State != sync.Healthy {
		t.Errorf("a pass that ended well left it %s", h.app.State)
	}
}

func TestWhatTheGateFailedStaysFailedUntilAPassHasEndedWell(t *testing.T) {
	h := newHistory().add(first, deploy(first)...)
	h.add(second, seen(second, time.Time{}), planned(apply.Configured), applied(), report(health.InProgress, 1),
		failed(sync.StepGate, &health.Failure{Report: &health.Report{Reason: health.Unschedulable}}))
	if h.app.State != sync.Failed || h.app.Reason != "Unschedulable" || h.app.Revision.Healthy != first || h.app.Revision.Applied != second {
		t.Errorf("%+v", h.app)
	}
	h.add(second, report(health.Current, 3))
	if h.app.State != sync.Failed {
		t.Errorf("not on record, and %s", h.app.State)
	}
	h.add(second, planned(), applied(), report(health.Current, 3), settled())
	if h.app.State != sync.Healthy || h.app.Revision.Healthy != second {
		t.Errorf("%+v", h.app)
	}
}

func TestAFailedAppKeepsItsReasonWhileNoneIsSeen(t *testing.T) {
	late := []health.Problem{{Reason: health.DeadlineExceeded, Object: server, Message: "0 of 3 pods ready", Advice: "Allow more time."}}
	expired := report(health.Failed, 0)
	expired.Report.Reason, expired.Report.Problems = health.DeadlineExceeded, late
	crashed := report(health.InProgress, 0)
	crashed.Report.Reason, crashed.Report.Problems = health.CrashLoop, []health.Problem{{Reason: health.CrashLoop, Object: server}}
	h := newHistory().add(first, seen(first, time.Time{}), planned(apply.Created), applied(), expired,
		failed(sync.StepGate, &health.Failure{Report: expired.Report}), report(health.InProgress, 1))
	if h.app.State != sync.Failed || h.app.Reason != "DeadlineExceeded" || len(h.app.Problems) != 1 || h.app.Workloads[0].Ready != 1 {
		t.Errorf("after its time: %+v", h.app)
	}
	h.add(first, crashed, report(health.InProgress, 1))
	if h.app.State != sync.Failed || h.app.Reason != "CrashLoop" || len(h.app.Problems) != 1 {
		t.Errorf("between two crashes: %+v", h.app)
	}
	h.add(first, report(health.Current, 3))
	if len(h.app.Problems) != 0 {
		t.Errorf("problems of an app that is ready: %+v", h.app.Problems)
	}
}

func TestAGuardsRefusalIsBlockedNotFailed(t *testing.T) {
	h := newHistory().add(first, deploy(first)...)
	h.add(second, seen(second, time.Time{}), failed(sync.StepPlan, &apply.Blocked{Cause: "much"}))
	if h.app.State != sync.Blocked || h.app.Reason != "PruneBlocked" {
		t.Errorf("%s %s", h.app.State, h.app.Reason)
	}
}

func TestWarningsOfPlanAndHealthAreBothShown(t *testing.T) {
	warned := planned(apply.Unchanged)
	warned.Plan.Warnings = []string{"namespace ignored"}
	oneNode := report(health.Current, 3)
	oneNode.Report.Warnings = []health.Problem{{Reason: health.OneNode, Message: "all pods are on node-1"}}
	h := newHistory().add(first, seen(first, time.Time{}), warned, applied(), oneNode)
	want := []string{"namespace ignored", "OneNode: all pods are on node-1"}
	if !slices.Equal(h.app.Warnings, want) {
		t.Errorf("warnings %q", h.app.Warnings)
	}
}

func TestDriftThatIsLeftIsToldOnceByAPassThatOnlyLooks(t *testing.T) {
	h := newHistory().add(first, deploy(first)...)
	for _, why := range []string{"drift: theirs", "drift: theirs, too"} {
		left := sync.Event{Step: sync.StepApply, Change: &apply.Change{ID: server, Action: apply.Skipped, Drift: true, Why: why}}
		h.add(first, planned(apply.Skipped), left, applied(), report(health.Current, 3), settled())
		last := h.app.Changes[len(h.app.Changes)-1]
		if len(h.app.Changes) != 2 || last.Text != "deployment.apps/web-server skipped ("+why+")" || h.app.Objects.Created != 1 {
			t.Errorf("changes %+v", h.app.Changes)
		}
	}
}
