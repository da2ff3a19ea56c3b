package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const patience = 30 * time.Second

var (
	first  = git.Revision{Ref: "main", Hash: strings.Repeat("1", 40)}
	second = git.Revision{Ref: "main", Hash: strings.Repeat("2", 40)}
	server = object.ID{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web-server"}
	// scaled is what a commit does that scales to three pods.
	scaled = &apply.Plan{Changes: []*apply.Change{{ID: server, Action: apply.Configured}}}
)

// received is a request that a target got.
type received struct {
	path   string
	header http.Header
	body   string
}

// receiver is a target: a server that answers as a test wants, and hands over what it got.
type receiver struct {
	*httptest.Server
	got chan received
}

func newReceiver(t *testing.T, answer func(w http.ResponseWriter, attempt int)) *receiver {
	r := &receiver{got: make(chan received, 100)}
	attempts := 0
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		body, _ := io.ReadAll(request.Body)
		attempts++
		if answer != nil {
			answer(w, attempts)
		}
		r.got <- received{request.URL.EscapedPath() + "?" + request.URL.RawQuery, request.Header, string(body)}
	}))
	t.Cleanup(r.Close)
	return r
}

// next is the next request that comes.
func (r *receiver) next(t *testing.T) received {
	t.Helper()
	select {
	case got := <-r.got:
		return got
	case <-time.After(patience):
		t.Fatal("nothing came")
		return received{}
	}
}

// text is the text of the next message for a chat.
func (r *receiver) text(t *testing.T) string {
	t.Helper()
	var message struct{ Text string }
	body := r.next(t).body
	if err := json.Unmarshal([]byte(body), &message); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return message.Text
}

// stage is a notifier that is told events.
type stage struct {
	*testing.T
	store    *status.Store
	notifier *notify.Notifier
	logs     *observer.ObservedLogs
	now      time.Time
	end      func()
}

// newStage has a notifier run with the targets.
func newStage(t *testing.T, repository string, targets ...notify.Target) *stage {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	s := &stage{T: t, store: status.NewStore(), logs: logs, now: time.Now()}
	clean := func(text string) string { return strings.ReplaceAll(text, "c4nary", "***") }
	s.notifier = notify.New(s.store, clean, zap.New(core))
	s.notifier.Hurry()
	for _, target := range targets {
		if err := target.Check(); err != nil {
			t.Fatal(err)
		}
	}
	s.notifier.Set(targets...)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- s.notifier.Run(ctx) }()
	over := false
	s.end = func() {
		stop()
		if !over {
			over = true
			if err := <-ended; err != nil {
				t.Error(err)
			}
		}
	}
	t.Cleanup(s.end)
	s.join("web", repository)
	return s
}

func (s *stage) join(app, repository string) {
	s.tell(app, git.Revision{}, sync.Event{Joined: &sync.App{Name: app, Repository: repository, Path: "manifests", Namespace: "shop"}})
}

func (s *stage) tell(app string, revision git.Revision, events ...sync.Event) {
	for _, event := range events {
		event.App, event.Revision, event.At = app, revision, s.now
		s.store.Observe(s.Context(), event)
		s.notifier.Observe(s.Context(), event)
		s.now = s.now.Add(100 * time.Millisecond)
	}
}

// begin is a commit's way until it is applied.
func begin(r git.Revision) []sync.Event {
	return []sync.Event{
		{Step: sync.StepFetch, Snapshot: &git.Snapshot{Revision: r, Author: "Ada", Message: "Scale <to> three"}},
		{Step: sync.StepPlan, Plan: scaled},
		{Step: sync.StepApply, Change: scaled.Changes[0]},
		{Step: sync.StepApply, Applied: scaled},
	}
}

// healthy is a commit's way to its end.
func healthy(r git.Revision) []sync.Event {
	report := &health.Report{
		Status: health.Current, Workloads: []health.Workload{{ID: server, Kind: "Deployment", Ready: 3, Desired: 3, Status: health.Current}},
		Services: []health.Service{{Name: "web-service", EndpointsReady: 3, EndpointsExpected: 3}},
	}
	return append(begin(r), sync.Event{Step: sync.StepGate, Report: report},
		sync.Event{Step: sync.StepSave, Record: &sync.Outcome{State: sync.Healthy, Moved: true}})
}

// fails is how a commit ends that does not serve.
func fails(message string) []sync.Event {
	report := &health.Report{Status: health.Failed, Reason: health.ImagePull, Message: message, Problems: []health.Problem{
		{Reason: health.ImagePull, Object: server, Message: message, Advice: "Correct the image's name."},
	}}
	return []sync.Event{
		{Step: sync.StepGate, Report: report},
		{Step: sync.StepGate, Err: &sync.Error{Step: sync.StepGate, App: "web", Revision: first, Err: &health.Failure{Report: report}}},
	}
}

// file writes a secret.
func file(t *testing.T, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "secret")
	write(t, name, text)
	return name
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// waitForLog waits until the log has an entry.
func (s *stage) waitForLog(message string) observer.LoggedEntry {
	s.Helper()
	var found []observer.LoggedEntry
	clustertest.Eventually(s, message+" in the log", func(context.Context) (bool, string) {
		found = s.logs.FilterMessage(message).All()
		return len(found) > 0, fmt.Sprint(s.logs.All())
	})
	return found[0]
}
