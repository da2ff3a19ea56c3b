package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/metrics"
	"github.com/lockstep-dev/lockstep/sync/status"
)

var (
	first  = git.Revision{Ref: "main", Hash: "1111111111111111111111111111111111111111"}
	second = git.Revision{Ref: "main", Hash: "2222222222222222222222222222222222222222"}
	server = object.ID{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web-server"}
)

// stage is a store and metrics that are told events, one a second.
type stage struct {
	*testing.T
	store   *status.Store
	metrics *metrics.Metrics
	now     time.Time
}

func newStage(t *testing.T) *stage {
	store := status.NewStore()
	build := metrics.Build{Version: "v1.2.3", Commit: "3f2a1c9", Go: "go1.26"}
	m := metrics.New(build, store, func() int { return 7 })
	m.Leads(func() map[string]bool { return map[string]bool{"lockstep": true} })
	m.Notifies(func() map[string]map[string]uint64 {
		return map[string]map[string]uint64{"ops": {"sent": 3, "failed": 1, "dropped": 0}}
	})
	return &stage{t, store, m, time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
}

func (s *stage) tell(app string, revision git.Revision, events ...sync.Event) {
	for _, event := range events {
		event.App, event.Revision, event.At = app, revision, s.now
		s.store.Observe(s.Context(), event)
		s.metrics.Observe(s.Context(), event)
		s.now = s.now.Add(time.Second)
	}
}

func (s *stage) join(apps ...string) {
	for _, app := range apps {
		s.tell(app, git.Revision{}, sync.Event{Joined: &sync.App{Name: app}})
	}
}

// page is what Prometheus reads.
func (s *stage) page() string {
	answer := httptest.NewRecorder()
	s.metrics.Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return answer.Body.String()
}

// shows wants each line on the page.
func (s *stage) shows(lines ...string) {
	s.Helper()
	page := s.page()
	for _, line := range lines {
		if !strings.Contains(page, "\n"+line+"\n") {
			s.Errorf("no line %q in\n%s", line, ours(page))
		}
	}
}

func ours(page string) string {
	var kept []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, "lockstep_") {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "")
}

func commit(r git.Revision, action apply.Action) []sync.Event {
	change := &apply.Change{ID: server, Action: action}
	plan := &apply.Plan{Changes: []*apply.Change{change}}
	return []sync.Event{
		{Step: sync.StepFetch, Snapshot: &git.Snapshot{Revision: r}},
		{Step: sync.StepPlan, Plan: plan},
		{Step: sync.StepApply, Change: change},
		{Step: sync.StepApply, Applied: plan},
		{Step: sync.StepGate, Report: &health.Report{Status: health.Current}},
		{Step: sync.StepSave, Record: &sync.Outcome{State: sync.Healthy, Moved: true}},
	}
}

func failure(reason health.Reason) *sync.Error {
	return &sync.Error{Step: sync.StepGate, App: "web", Err: &health.Failure{Report: &health.Report{Reason: reason}}}
}

func TestACommitIsCountedFromTheFetchToHealthy(t *testing.T) {
	s := newStage(t)
	s.join("web")
	s.tell("web", first, commit(first, apply.Created)...)
	s.tell("web", second, commit(second, apply.Unchanged)...) // writes nothing: no rollout was waited for
	s.shows(
		`lockstep_app_state{app="web",state="Healthy"} 1`, `lockstep_app_state{app="web",state="Failed"} 0`,
		`lockstep_objects_total{action="created",app="web"} 1`, `lockstep_objects_total{action="unchanged",app="web"} 1`,
		`lockstep_gate_verdicts_total{app="web",reason="Healthy"} 2`,
		`lockstep_commit_to_healthy_seconds_count{app="web"} 1`, `lockstep_commit_to_healthy_seconds_sum{app="web"} 5`,
		`lockstep_app_last_success_timestamp_seconds{app="web"} 1.767323057e+09`,
		`lockstep_queue_depth 7`, `lockstep_build_info{commit="3f2a1c9",goversion="go1.26",version="v1.2.3"} 1`,
	)
}

func TestWhatTheFirstPassOfADaemonFindsHealthyIsNoVerdict(t *testing.T) {
	s := newStage(t)
	s.join("found", "left", "web")
	s.tell("found", first, commit(first, apply.Unchanged)...) // another has counted it
	s.tell("left", first, sync.Event{Step: sync.StepLoad, Open: []git.Revision{second, first}})
	s.tell("left", first, commit(first, apply.Unchanged)...) // another has not come to its verdict
	s.tell("web", first, commit(first, apply.Unchanged)...)
	s.tell("web", second, commit(second, apply.Unchanged)...)
	s.shows(
		`lockstep_gate_verdicts_total{app="found",reason="Healthy"} 0`, `lockstep_gate_verdicts_total{app="left",reason="Healthy"} 1`,
		`lockstep_gate_verdicts_total{app="web",reason="Healthy"} 1`,
	)
}

func TestAVerdictIsCountedOnceForEachCommitAndReason(t *testing.T) {
	s := newStage(t)
	s.join("web")
	for range 3 {
		s.tell("web", first, sync.Event{Step: sync.StepGate, Err: failure(health.ImagePull)})
	}
	s.tell("web", first, sync.Event{Step: sync.StepGate, Err: failure(health.CrashLoop)})
	s.tell("web", second, sync.Event{Step: sync.StepGate, Err: failure(health.CrashLoop)})
	s.tell("web", second, sync.Event{Step: sync.StepPlan, Err: &sync.Error{Step: sync.StepPlan, Err: errors.New("refused")}})
	s.shows(
		`lockstep_gate_verdicts_total{app="web",reason="ImagePull"} 1`,
		`lockstep_gate_verdicts_total{app="web",reason="CrashLoop"} 2`,
		`lockstep_app_state{app="web",state="Failed"} 1`,
	)
	if strings.Contains(s.page(), "PlanRefused") {
		t.Error("a plan that is refused counts as a verdict of the gate")
	}
}

func TestRollbacksDriftAndFightsAreCounted(t *testing.T) {
	s := newStage(t)
	s.join("web")
	s.tell("web", second, sync.Event{
		Step: sync.StepGate, Rejection: &inventory.Rejection{Reason: "ImagePull"}, Back: &sync.Back{From: second, To: first},
	})
	corrected := &apply.Change{ID: server, Action: apply.Configured, Drift: true}
	fights := &apply.Change{ID: server, Action: apply.Skipped, Drift: true, Why: "fight: rival changed it back; left as it is until 14:00:00"}
	later := &apply.Change{ID: server, Action: apply.Skipped, Drift: true, Why: "fight: rival changed it back; left as it is until 14:05:00"}
	reported := &apply.Change{ID: server, Action: apply.Skipped, Drift: true, Why: "drift is only reported"}
	for _, change := range []*apply.Change{corrected, fights, fights, later, reported} {
		s.tell("web", first, sync.Event{Step: sync.StepApply, Change: change})
	}
	s.shows(
		`lockstep_rollbacks_total{app="web"} 1`, `lockstep_drift_corrections_total{app="web"} 1`, `lockstep_fights_total{app="web"} 2`,
		`lockstep_gate_verdicts_total{app="web",reason="ImagePull"} 1`,
	)
}

func TestAnAppThatGoesTakesItsSeriesWithIt(t *testing.T) {
	s := newStage(t)
	s.join("web", "other")
	s.tell("web", first, commit(first, apply.Created)...)
	s.tell("other", first, commit(first, apply.Created)...)
	s.tell("web", first, sync.Event{Left: true})
	if page := s.page(); strings.Contains(page, `app="web"`) || !strings.Contains(page, `app="other"`) {
		t.Errorf("left of web and other:\n%s", ours(page))
	}
}

func TestTheStepsOfAPassAreTimedUnlessItOnlyLooked(t *testing.T) {
	s := newStage(t)
	span := func(step sync.Step, took time.Duration) sync.Span {
		return sync.Span{Step: step, Began: s.now, Ended: s.now.Add(took)}
	}
	s.metrics.Traced(sync.Trace{Steps: []sync.Span{span(sync.StepFetch, time.Millisecond)}})
	s.metrics.Traced(sync.Trace{Steps: []sync.Span{span(sync.StepFetch, 2*time.Second), span(sync.StepGate, 3*time.Second)}})
	s.shows(`lockstep_step_duration_seconds_sum{step="fetch"} 2`, `lockstep_step_duration_seconds_count{step="fetch"} 1`,
		`lockstep_step_duration_seconds_bucket{step="gate",le="2.5"} 0`, `lockstep_step_duration_seconds_bucket{step="gate",le="5"} 1`)
}

// source is one whose next answer a test gives.
type source struct{ err error }

func (s *source) Fetch(context.Context) (git.Snapshot, error) { return git.Snapshot{}, s.err }
func (s *source) String() string                              { return "https://git.example.com/shop.git" }

func TestFetchesAreCountedWithTheTypeOfTheirErrors(t *testing.T) {
	s := newStage(t)
	from := &source{}
	counted := s.metrics.Source("shop", from)
	for _, err := range []error{nil, fmt.Errorf("wrapped: %w", git.ErrAuth), git.ErrUnavailable, errors.New("other")} {
		from.err = err
		_, _ = counted.Fetch(t.Context())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	_, _ = counted.Fetch(ended)
	s.shows(
		`lockstep_repository_fetches_total{repository="shop"} 4`,
		`lockstep_repository_fetch_errors_total{repository="shop",type="AuthenticationFailed"} 1`,
		`lockstep_repository_fetch_errors_total{repository="shop",type="RepositoryUnreachable"} 1`,
		`lockstep_repository_fetch_errors_total{repository="shop",type="FetchFailed"} 1`,
	)
	if named, ok := counted.(fmt.Stringer); !ok || named.String() != from.String() {
		t.Errorf("a counted source is called %v", counted)
	}
	s.metrics.Keep("other")
	_, _ = counted.Fetch(t.Context()) // of a feed that is about to end
	if page := s.page(); strings.Contains(page, `repository="shop"`) {
		t.Errorf("a repository that has left is still there:\n%s", ours(page))
	}
}

// ask makes one request to an API server that is not there.
func (s *stage) ask() {
	gone := httptest.NewServer(nil)
	gone.Close()
	client := &http.Client{Transport: s.metrics.Transport(http.DefaultTransport)}
	if answer, err := client.Get(gone.URL + "/api/v1/pods/a"); err == nil {
		_ = answer.Body.Close()
		s.Fatal("a closed server answers")
	}
}

func TestRequestsAreCountedByVerbAndCode(t *testing.T) {
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/missing") {
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	s := newStage(t)
	client := &http.Client{Transport: s.metrics.Transport(http.DefaultTransport)}
	for _, request := range [][2]string{
		{"GET", "/api/v1/namespaces/shop/pods"},
		{"GET", "/apis/apps/v1/deployments"},
		{"GET", "/api/v1/namespaces"},
		{"GET", "/apis/apps/v1/namespaces/shop/deployments/web"},
		{"GET", "/api/v1/namespaces/shop"},
		{"GET", "/apis/apps/v1"},
		{"GET", "/api/v1/pods/missing"},
		{"GET", "/api/v1/pods?watch=true"},
		{"PATCH", "/api/v1/namespaces/shop/pods/a"},
		{"POST", "/api/v1/namespaces/shop/pods"},
		{"DELETE", "/api/v1/namespaces/shop/pods/a"},
		{"PUT", "/api/v1/namespaces/shop/pods/a"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), request[0], api.URL+request[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
	}
	api.Close()
	s.ask()
	s.shows(
		`lockstep_api_requests_total{code="200",verb="list"} 3`, `lockstep_api_requests_total{code="200",verb="get"} 3`,
		`lockstep_api_requests_total{code="404",verb="get"} 1`, `lockstep_api_requests_total{code="error",verb="get"} 1`,
		`lockstep_api_requests_total{code="200",verb="watch"} 1`, `lockstep_api_requests_total{code="200",verb="patch"} 1`,
		`lockstep_api_requests_total{code="200",verb="create"} 1`, `lockstep_api_requests_total{code="200",verb="delete"} 1`,
		`lockstep_api_requests_total{code="200",verb="update"} 1`,
	)
}

func TestTheMetricsFollowTheConventionsOfPrometheus(t *testing.T) {
	s := newStage(t)
	s.fill()
	problems, err := testutil.GatherAndLint(s.metrics.Gatherer())
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

func TestALeaseIsAGauge(t *testing.T) {
	newStage(t).shows("lockstep_leader{name=\"lockstep\"} 1")
}
