package notify_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

func TestAnEventIsWrittenOnAnObjectOfAnyName(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	names := []string{"system:web:reader", strings.Repeat("a", 199) + "-" + strings.Repeat("b", 53), strings.Repeat("a", 199) + ".b", "Web", "x"}
	var all []notify.Occurrence
	for i, name := range names {
		about := corev1.ObjectReference{Kind: "Role", Namespace: namespace, Name: name}
		all = append(all, notify.Occurrence{About: about, Reason: "DriftCorrected", Note: "n", After: time.Duration(i)})
	}
	notify.Write(t.Context(), c, zap.NewNop(), all...)
	on := map[string]bool{}
	for _, e := range eventsIn(t, c, namespace) {
		on[e.Regarding.Name] = true
	}
	for _, name := range names {
		if !on[name] {
			t.Errorf("none on %s", name)
		}
	}
}

func TestANoteOfAnyTextIsTaken(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	about := corev1.ObjectReference{Kind: "Deployment", Namespace: namespace, Name: "web-server"}
	notes := []string{"a\x1b[31m\x00b\u202e", "\xff\xfe", strings.Repeat("ä", 2000), strings.Repeat("\xff", 3000) + "x"}
	var all []notify.Occurrence
	for i, note := range notes {
		all = append(all, notify.Occurrence{About: about, Reason: "Stalled", Note: note, After: time.Duration(i)})
	}
	notify.Write(t.Context(), c, zap.NewNop(), all...)
	events := eventsIn(t, c, namespace)
	for _, e := range events {
		if len(e.Note) > 1024 || strings.ContainsAny(e.Note, "\x1b\x00\u202e\ufffd") {
			t.Errorf("%q", e.Note)
		}
	}
	if len(events) != len(notes) {
		t.Errorf("%d events", len(events))
	}
}

func TestAnEventThatTheServerHasForgottenIsWrittenAnew(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	gone := &forgetful{Client: c}
	notify.Write(t.Context(), gone, zap.NewNop(), again(namespace, 2*time.Minute, 4*time.Minute)...)
	events := eventsIn(t, c, namespace)
	if len(events) != 1 || events[0].Series == nil || gone.deleted != 1 {
		t.Errorf("%+v after %d were deleted", events, gone.deleted)
	}
}

// forgetful is a real client behind which the first event is deleted before it is counted again.
type forgetful struct {
	client.Client
	deleted int
}

func (f *forgetful) Patch(ctx context.Context, o client.Object, patch client.Patch, options ...client.PatchOption) error {
	if f.deleted++; f.deleted > 1 {
		f.deleted = 1
		return f.Client.Patch(ctx, o, patch, options...)
	}
	if err := f.Delete(ctx, o.DeepCopyObject().(client.Object)); err != nil {
		return err
	}
	return f.Client.Patch(ctx, o, patch, options...)
}

func TestANamespaceThatIsBeingDeletedIsNoMissingRight(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	held := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "held", Namespace: namespace, Finalizers: []string{"example.com/held"}}}
	if err := c.Create(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	if err := c.Delete(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: namespace}}); err != nil {
		t.Fatal(err)
	}
	core, logs := observer.New(zapcore.InfoLevel)
	notify.Write(t.Context(), c, zap.New(core), again(namespace)...)
	if logs.Len() > 0 || len(eventsIn(t, c, namespace)) > 0 {
		t.Errorf("%+v", logs.All())
	}
	if err := c.Patch(t.Context(), held, client.RawPatch("application/merge-patch+json", []byte(`{"metadata":{"finalizers":null}}`))); err != nil {
		t.Fatal(err)
	}
}

func TestMuchThatIsSimilarIsCounted(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	about := corev1.ObjectReference{Kind: "Deployment", Namespace: namespace, Name: "web-server"}
	var all []notify.Occurrence
	for i := range 40 {
		all = append(all, notify.Occurrence{About: about, Reason: "CrashLoop", Note: fmt.Sprint("restarted ", i), After: time.Duration(i) * 5 * time.Second})
	}
	all = append(all, notify.Occurrence{About: about, Reason: "ImagePull", Note: "something else", After: time.Second})
	notify.Write(t.Context(), c, zap.NewNop(), all...)
	counts := map[string]int{}
	for _, e := range eventsIn(t, c, namespace) {
		counts[e.Reason]++
		if e.Series != nil {
			counts["in a series"] += int(e.Series.Count)
		}
	}
	if counts["CrashLoop"] != 10 || counts["ImagePull"] != 1 || counts["in a series"] < 20 {
		t.Errorf("%v", counts)
	}
}

func TestWhatManyAppsComeToIsWrittenOnTheWorkloadOfEach(t *testing.T) {
	c, namespace := clustertest.Client(t), clustertest.Namespace(t)
	r := newRecord(t, c, namespace)
	for i := range 60 {
		id := object.ID{Kind: "Service", Namespace: namespace, Name: fmt.Sprint("web-", i)}
		r.tell(sync.Event{Step: sync.StepGate, Report: &health.Report{Status: health.InProgress, Reason: health.SelectorMatchesNothing, Problems: []health.Problem{
			{Reason: health.SelectorMatchesNothing, Object: id, Message: "no pod", Advice: "Correct it."},
		}}})
	}
	r.waitFor(60, "SelectorMatchesNothing")
}

func TestAnEventOnAServiceHasTheUIDThatDescribeAsksBy(t *testing.T) {
	namespace := clustertest.Namespace(t)
	r := newRecord(t, clustertest.Client(t), namespace)
	id := object.ID{Kind: "Service", Namespace: namespace, Name: "web-service"}
	service := live(namespace)
	service.SetAPIVersion("v1")
	service.SetKind("Service")
	service.SetName("web-service")
	change := &apply.Change{ID: id, Action: apply.Unchanged, Live: service}
	r.tell(sync.Event{Step: sync.StepApply, Applied: &apply.Plan{Changes: []*apply.Change{change}}})
	r.tell(sync.Event{Step: sync.StepGate, Report: &health.Report{Status: health.InProgress, Reason: health.SelectorMatchesNothing, Problems: []health.Problem{
		{Reason: health.SelectorMatchesNothing, Object: id, Message: "no pod", Advice: "Correct it."},
	}}})
	if e := r.waitFor(1, "SelectorMatchesNothing"); e.Regarding.UID != "8a7b" || e.Regarding.APIVersion != "v1" {
		t.Errorf("%+v", e.Regarding)
	}
	drifted := service.DeepCopy()
	drifted.SetUID("9b8c") // it had been deleted, and is another
	r.tell(sync.Event{Step: sync.StepApply, Change: &apply.Change{ID: id, Action: apply.Created, Drift: true, Live: drifted}})
	if e := r.waitFor(2, "DriftCorrected"); e.Regarding.UID != "9b8c" {
		t.Errorf("%+v", e.Regarding)
	}
}

func TestAVerdictIsWrittenOnAWorkloadBehindManyOtherObjects(t *testing.T) {
	namespace := clustertest.Namespace(t)
	r := newRecord(t, clustertest.Client(t), namespace)
	way := r.commit()
	var all []*apply.Change
	for i := range 20 {
		all = append(all, &apply.Change{ID: object.ID{Kind: "ConfigMap", Namespace: namespace, Name: fmt.Sprint("a-", i)}, Action: apply.Unchanged})
	}
	all = append(all, way[2].Change)
	r.tell(way[0], sync.Event{Step: sync.StepPlan, Plan: &apply.Plan{Changes: all}})
	for _, c := range all {
		r.tell(sync.Event{Step: sync.StepApply, Change: c})
	}
	r.tell(sync.Event{Step: sync.StepApply, Applied: &apply.Plan{Changes: all}})
	r.tell(way[4:]...)
	r.waitFor(2, "Healthy")
}

func TestAProblemWithoutAdviceIsToldWithoutIt(t *testing.T) {
	namespace := clustertest.Namespace(t)
	r := newRecord(t, clustertest.Client(t), namespace)
	id := object.ID{Group: "apps", Kind: "Deployment", Namespace: namespace, Name: "web-server"}
	r.tell(sync.Event{Step: sync.StepGate, Report: &health.Report{Status: health.InProgress, Reason: health.Stalled, Problems: []health.Problem{
		{Reason: health.Stalled, Object: id, Message: "it gave up"},
	}}})
	if e := r.waitFor(1, "Stalled"); e.Note != "it gave up (main@sha1:1111111)" {
		t.Error(e.Note)
	}
}
