package notify_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m)) }

// record is a recorder on a real cluster that is told events.
type record struct {
	*testing.T
	client    client.Client
	namespace string
	store     *status.Store
	recorder  *notify.Recorder
	logs      *observer.ObservedLogs
}

func newRecord(t *testing.T, c client.Client, namespace string) *record {
	core, logs := observer.New(zapcore.InfoLevel)
	r := &record{T: t, client: clustertest.Client(t), namespace: namespace, store: status.NewStore(), logs: logs}
	own := func(app string) corev1.ObjectReference {
		return corev1.ObjectReference{APIVersion: "v1", Kind: "Secret", Namespace: namespace, Name: "lockstep." + app}
	}
	clean := func(text string) string { return strings.ReplaceAll(text, "c4nary", "***") }
	r.recorder = notify.NewRecorder(c, r.store, "lockstep-0", own, clean, zap.New(core))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error)
	go func() { ended <- r.recorder.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	r.tell(sync.Event{Joined: &sync.App{Name: "web", Repository: repository}})
	return r
}

func (r *record) tell(events ...sync.Event) {
	for _, event := range events {
		event.App, event.Revision, event.At = "web", first, time.Now()
		r.store.Observe(r.Context(), event)
		r.recorder.Observe(r.Context(), event)
	}
}

// waitFor waits until there are as many events on an object, and returns the one of a reason.
func (r *record) waitFor(n int, reason string) eventsv1.Event {
	r.Helper()
	var found eventsv1.Event
	clustertest.Eventually(r, reason, func(ctx context.Context) (bool, string) {
		var list eventsv1.EventList
		if err := r.client.List(ctx, &list, client.InNamespace(r.namespace)); err != nil {
			return false, err.Error()
		}
		seen := ""
		ours := 0
		for _, e := range list.Items {
			if e.ReportingController == "lockstep.dev/lockstep" {
				ours++
				seen += fmt.Sprintf("%s %s/%s %s: %s\n", e.Reason, e.Regarding.Kind, e.Regarding.Name, e.Type, e.Note)
				if e.Reason == reason {
					found = e
				}
			}
		}
		return ours == n && found.Name != "", seen
	})
	return found
}

// commit is a commit's way to its end, of a Deployment that is called so.
func (r *record) commit() []sync.Event {
	events := healthy(first)
	id := object.ID{Group: "apps", Kind: "Deployment", Namespace: r.namespace, Name: "web-server"}
	change := &apply.Change{ID: id, Action: apply.Configured, Live: live(r.namespace)}
	plan := &apply.Plan{Changes: []*apply.Change{change}}
	events[1].Plan, events[2].Change, events[3].Applied = plan, change, plan
	return events
}

func TestWhatAnAppComesToIsWrittenOnItsWorkloads(t *testing.T) {
	namespace := clustertest.Namespace(t)
	r := newRecord(t, clustertest.Client(t), namespace)
	r.tell(r.commit()...)
	r.tell(r.commit()[1:]...) // drift was set back: the same again
	event := r.waitFor(2, "Healthy")
	if event.Type != "Normal" || event.Action != "Reconcile" || event.ReportingInstance != "lockstep-0" || !strings.Contains(event.Note, "serving from 3 pods") {
		t.Errorf("%+v", event)
	}
	report := &health.Report{Status: health.InProgress, Reason: health.ImagePull, Problems: []health.Problem{{
		Reason: health.ImagePull, Object: object.ID{Group: "apps", Kind: "Deployment", Namespace: namespace, Name: "web-server"},
		Message: "not found, c4nary", Advice: "Correct the image's name.",
	}}}
	for range 5 {
		r.tell(sync.Event{Step: sync.StepGate, Report: report})
	}
	event = r.waitFor(3, "ImagePull")
	if event.Type != "Warning" || event.Regarding.Name != "web-server" || event.Regarding.UID != "8a7b" || event.Regarding.APIVersion != "apps/v1" ||
		event.Note != "not found, ***; Correct the image's name. (main@sha1:1111111)" {
		t.Errorf("%+v", event)
	}
}

func TestAFailureIsWrittenOnTheDaemonsOwnObject(t *testing.T) {
	r := newRecord(t, clustertest.Client(t), clustertest.Namespace(t))
	for range 3 {
		r.tell(sync.Event{Step: sync.StepFetch, Err: &sync.Error{Step: sync.StepFetch, App: "web", Err: git.ErrAuth}})
	}
	event := r.waitFor(1, "AuthenticationFailed")
	if event.Type != "Warning" || event.Regarding.Kind != "Secret" || event.Regarding.Name != "lockstep.web" || !strings.Contains(event.Note, "access denied") {
		t.Errorf("%+v", event)
	}
}

func TestDriftAndFightsAreWrittenOnTheObject(t *testing.T) {
	namespace := clustertest.Namespace(t)
	r := newRecord(t, clustertest.Client(t), namespace)
	id := object.ID{Kind: "ConfigMap", Namespace: namespace, Name: "settings"}
	r.tell(
		sync.Event{Step: sync.StepApply, Change: &apply.Change{ID: id, Action: apply.Configured, Drift: true, By: []string{"kubectl-edit"}, Fields: []apply.Field{{Path: "data.key", New: new("value")}}}},
		sync.Event{Step: sync.StepApply, Change: &apply.Change{ID: id, Action: apply.Skipped, Drift: true, Why: "fight: rival"}},
	)
	if event := r.waitFor(2, "DriftCorrected"); event.Type != "Normal" || !strings.Contains(event.Note, "kubectl-edit") {
		t.Errorf("%+v", event)
	}
	if event := r.waitFor(2, "Fight"); event.Type != "Warning" || event.Note != "fight: rival" {
		t.Errorf("%+v", event)
	}
}

func TestWithoutTheRightToWriteEventsThatIsToldOnce(t *testing.T) {
	namespace := clustertest.Namespace(t)
	config := clustertest.Config(t)
	config.Impersonate = rest.ImpersonationConfig{UserName: "system:serviceaccount:" + namespace + ":nobody"}
	c, err := client.New(config, client.Options{})
	if err != nil {
		t.Fatal(err)
	}
	r := newRecord(t, c, namespace)
	r.tell(r.commit()...)
	clustertest.Eventually(t, "a warning", func(context.Context) (bool, string) { return r.logs.Len() > 0, "" })
	for i := range 20 {
		r.tell(sync.Event{Step: sync.StepApply, Change: &apply.Change{
			ID: object.ID{Kind: "ConfigMap", Namespace: namespace, Name: fmt.Sprint("a", i)}, Action: apply.Created, Drift: true,
		}})
	}
	if r.logs.Len() != 1 {
		t.Errorf("told %d times", r.logs.Len())
	}
}

// live is the Deployment as the API server has it.
func live(namespace string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": "web-server", "namespace": namespace, "uid": "8a7b"},
	}}
}

// again is an occurrence that is always the same, but for its time.
func again(namespace string, after ...time.Duration) []notify.Occurrence {
	about := corev1.ObjectReference{Kind: "Deployment", Namespace: namespace, Name: "web-server"}
	all := []notify.Occurrence{{About: about, Reason: "ImagePull", Note: "not found"}}
	for _, passed := range after {
		all = append(all, notify.Occurrence{About: about, Reason: "ImagePull", Note: "not found", After: passed})
	}
	return all
}

// eventsIn are the events in a namespace.
func eventsIn(t *testing.T, c client.Client, namespace string) []eventsv1.Event {
	t.Helper()
	var list eventsv1.EventList
	if err := c.List(t.Context(), &list, client.InNamespace(namespace)); err != nil {
		t.Fatal(err)
	}
	return list.Items
}

func TestTheSameAgainIsCountedInOneEvent(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	notify.Write(t.Context(), c, zap.NewNop(), again(namespace, time.Second, 2*time.Minute, 2*time.Minute+time.Second, 51*time.Minute)...)
	events := eventsIn(t, c, namespace)
	if len(events) != 2 {
		t.Fatalf("%d events, want one for the series and one after it", len(events))
	}
	counted := 0
	for _, e := range events {
		if e.Series != nil {
			counted = int(e.Series.Count)
		}
	}
	if counted != 3 {
		t.Errorf("counted %d times before the last minute, want 3", counted)
	}
}
