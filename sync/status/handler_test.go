package status_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// ask returns the answer to one request.
func ask(t *testing.T, s *status.Store, method, path string) (int, string) {
	t.Helper()
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	request, err := http.NewRequestWithContext(t.Context(), method, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := server.Client().Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func observe(t *testing.T, s *status.Store, events ...sync.Event) {
	for _, event := range events {
		event.App, event.At, event.Revision = "web", began, first
		s.Observe(t.Context(), event)
	}
}

func TestReadyOnceTheCachesAreSyncedAndFromThenOn(t *testing.T) {
	s := status.NewStore(app)
	warm, standby := false, true
	s.SetWarm(func() bool { return warm })
	s.SetReplica(func() status.Replica { return status.Replica{Standby: standby, Warm: warm} })
	want := func(code int, when string) {
		t.Helper()
		if got, body := ask(t, s, http.MethodGet, "/readyz"); got != code {
			t.Errorf("readyz %s: %d %s", when, got, body)
		}
	}
	want(http.StatusServiceUnavailable, "of a standby before its repositories were asked")
	standby, warm = false, true
	want(http.StatusServiceUnavailable, "before the first pass")
	way := deploy(first)
	observe(t, s, way[0])
	want(http.StatusServiceUnavailable, "before the first plan")
	observe(t, s, way[1:5]...)
	want(http.StatusOK, "while a rollout goes on")
	s.Observe(t.Context(), sync.Event{App: "new", At: began, Joined: &sync.App{Name: "new"}})
	want(http.StatusOK, "as another app has joined")
	warm = false
	want(http.StatusOK, "as another repository has")
	standby = true
	want(http.StatusOK, "of one that has become a standby")
}

func TestAStandbyThatWasReadyIsReadyWhenItTakesOver(t *testing.T) {
	s, standby := status.NewStore(), true
	s.SetReplica(func() status.Replica { return status.Replica{Standby: standby, Warm: true} })
	if !s.Ready() {
		t.Error("a warm standby is not ready")
	}
	standby = false
	s.Observe(t.Context(), sync.Event{App: "web", At: began, Joined: &app})
	if !s.Ready() {
		t.Error("it is not when it has taken over")
	}
}

// fields are those that the design promises.
var fields = strings.Fields("name repository path namespace state reason message revision objects workloads services timeline warnings")

func TestTheAppHasEveryFieldBeforeAnythingHasHappenedAndAfter(t *testing.T) {
	s := status.NewStore(app)
	for range 2 {
		code, body := ask(t, s, http.MethodGet, "/api/v1/apps/web")
		var got map[string]any
		if err := json.Unmarshal([]byte(body), &got); err != nil || code != http.StatusOK {
			t.Fatalf("%d %s", code, body)
		}
		for _, field := range fields {
			if value, ok := got[field]; !ok || value == nil {
				t.Errorf("%s is %v", field, value)
			}
		}
		observe(t, s, deploy(first)...)
	}
}

func TestTheListHasEveryApp(t *testing.T) {
	s := status.NewStore(sync.App{Name: "b"}, sync.App{Name: "a"})
	_, body := ask(t, s, http.MethodGet, "/api/v1/apps")
	var list status.List
	if err := json.Unmarshal([]byte(body), &list); err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for _, app := range list.Apps {
		names = append(names, app.Name)
	}
	if !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("apps %q", names)
	}
}

func TestWhatTheServerKnowsSurvivesTheClient(t *testing.T) {
	s := status.NewStore(app)
	observe(t, s, deploy(first)...)
	_, body := ask(t, s, http.MethodGet, "/api/v1/apps/web")
	var got status.App
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	if got.Revision.Healthy != first || got.Workloads[0].ID != server || got.Changes[0].Action != apply.Created || !got.Since.Equal(began) {
		t.Errorf("%+v", got)
	}
}

func TestOnlyReadingIsAllowed(t *testing.T) {
	s := status.NewStore(app)
	for path, want := range map[string]int{"/api/v1/apps": http.StatusMethodNotAllowed, "/api/v1/apps/web": http.StatusMethodNotAllowed} {
		for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete} {
			if code, _ := ask(t, s, method, path); code != want {
				t.Errorf("%s %s: %d", method, path, code)
			}
		}
	}
	for _, path := range []string{"/api/v1/apps/nobody", "/api/v1/apps/../../etc/passwd", "/", "/debug/pprof/"} {
		if code, _ := ask(t, s, http.MethodGet, path); code != http.StatusNotFound {
			t.Errorf("%s: %d", path, code)
		}
	}
}

func TestEventsOfAnAppThatNobodyKnowsAreDropped(t *testing.T) {
	s := status.NewStore(app)
	s.Observe(t.Context(), sync.Event{App: "other", At: time.Now(), Record: &sync.Outcome{}})
	if s.Ready() || len(s.Apps()) != 1 {
		t.Errorf("apps %+v", s.Apps())
	}
}

func TestTheHistoryIsReadFromTheRecord(t *testing.T) {
	s := status.NewStore(app)
	if code, _ := ask(t, s, http.MethodGet, "/api/v1/apps/web/history"); code != http.StatusNotFound {
		t.Errorf("without a record: %d", code)
	}
	failure := errors.New("secret/lockstep.web: who may not know")
	s.SetHistory(func(_ context.Context, app string) (any, error) { return map[string]string{"app": app}, failure })
	if code, body := ask(t, s, http.MethodGet, "/api/v1/apps/web/history"); code != http.StatusServiceUnavailable || strings.Contains(body, "may not know") {
		t.Errorf("with a record that cannot be read: %d %s", code, body)
	}
	failure = nil
	if code, body := ask(t, s, http.MethodGet, "/api/v1/apps/web/history"); code != http.StatusOK || strings.TrimSpace(body) != `{"app":"web"}` {
		t.Errorf("%d %s", code, body)
	}
	if code, _ := ask(t, s, http.MethodGet, "/api/v1/apps/nobody/history"); code != http.StatusNotFound {
		t.Errorf("of an app that is not there: %d", code)
	}
}

func TestADaemonThatIsStuckIsNotAlive(t *testing.T) {
	s := status.NewStore()
	var stuck error
	s.SetAlive(func() error { return stuck })
	if code, _ := ask(t, s, http.MethodGet, "/healthz"); code != http.StatusOK {
		t.Errorf("healthz: %d", code)
	}
	stuck = errors.New("a worker has been at the same step for 20m0s")
	if code, body := ask(t, s, http.MethodGet, "/healthz"); code != http.StatusServiceUnavailable || !strings.Contains(body, stuck.Error()) {
		t.Errorf("healthz of one that is stuck: %d %s", code, body)
	}
}
