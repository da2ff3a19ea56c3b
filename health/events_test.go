package health_test

import (
	"path"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/health"
)

// event is a warning in a test case.
type event struct {
	About     string `json:"about"` // Kind/name, as in a change
	UID       string `json:"uid"`   // of an object that is not there, instead
	Container string `json:"container"`
	Reason    string `json:"reason"`
	Message   string `json:"message"`
	Count     int32  `json:"count"`
	At        string `json:"at"`     // when it was said last, a time of day
	For       string `json:"for"`    // since how long before that
	Series    bool   `json:"series"` // in the form of events.k8s.io
}

// object is the Event that the API server would have.
func (e event) object(t testing.TB, i int, cluster []*unstructured.Unstructured) *corev1.Event {
	t.Helper()
	object := &corev1.Event{Reason: e.Reason, Message: e.Message, Type: corev1.EventTypeWarning}
	object.Name, object.Namespace = "event-"+string(rune('a'+i)), "shop"
	object.InvolvedObject.UID = uidOf(t, e, cluster)
	if e.Container != "" {
		object.InvolvedObject.FieldPath = "spec.containers{" + e.Container + "}"
	}
	last, first := e.times(t)
	if e.Series {
		object.EventTime = metav1.NewMicroTime(first)
		object.Series = &corev1.EventSeries{Count: e.Count, LastObservedTime: metav1.NewMicroTime(last)}
		return object
	}
	object.Count, object.FirstTimestamp, object.LastTimestamp = e.Count, metav1.NewTime(first), metav1.NewTime(last)
	return object
}

func (e event) times(t testing.TB) (last, first time.Time) {
	t.Helper()
	if e.At == "" {
		e.At = "23:00:00"
	}
	last, err := time.Parse(time.RFC3339, "2026-11-23T"+e.At+"Z")
	must(t, err)
	if e.For == "" {
		return last, last
	}
	lasted, err := time.ParseDuration(e.For)
	must(t, err)
	return last, last.Add(-lasted)
}

func uidOf(t testing.TB, e event, cluster []*unstructured.Unstructured) (uid types.UID) {
	t.Helper()
	if e.UID != "" {
		return types.UID(e.UID)
	}
	for _, o := range cluster {
		if hit, err := path.Match(e.About, name(o)); err == nil && hit {
			return o.GetUID()
		}
	}
	t.Fatalf("no object %s for an event", e.About)
	return ""
}

// ailing are the pods of r that show a reason.
func ailing(r *health.Report) []health.Pod {
	var found []health.Pod
	for _, w := range r.Workloads {
		for _, p := range w.Pods {
			if p.Reason != "" {
				found = append(found, p)
			}
		}
	}
	return found
}

// pastRun is the log of a container that ended.
type pastRun struct {
	Pod       string   `json:"pod"` // Pod/name, as in a change
	Container string   `json:"container"`
	Restart   int32    `json:"restart"`
	Lines     []string `json:"lines"`
	Withheld  string   `json:"withheld"`
}

func (c testCase) logs(t testing.TB, cluster []*unstructured.Unstructured) map[health.LogKey]health.Log {
	t.Helper()
	read := map[health.LogKey]health.Log{}
	for _, l := range c.Logs {
		key := health.LogKey{Pod: uidOf(t, event{About: l.Pod}, cluster), Container: l.Container, Restart: l.Restart}
		read[key] = health.Log{Lines: l.Lines, Withheld: l.Withheld}
	}
	return read
}
