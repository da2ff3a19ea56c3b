package health

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// freshly is a check of a Deployment of which the API server says that its controller has seen that generation, as it stands at
// the start of its wait.
func freshly(t *testing.T, g *Gate, observed int64) *session {
	t.Helper()
	applied, err := NewApplied(&unstructured.Unstructured{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "web", "generation": int64(2)},
		"status": map[string]any{"observedGeneration": observed},
	}})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{gate: g, targets: []target{{Applied: applied}}, wake: make(chan struct{}, 1)}
	s.begins()
	t.Cleanup(func() { s.pace.over(g) })
	return s
}

func TestInACrowdWhatNobodyHasSeenYetIsNotLookedAtAtOnce(t *testing.T) {
	g := &Gate{}
	if alone := freshly(t, g, 1); alone.postponed() {
		t.Error("a check that is alone waits for its first look")
	}
	for range 100 {
		freshly(t, g, 1)
	}
	if known := freshly(t, g, 2); known.postponed() {
		t.Error("a Deployment that its controller has seen is not looked at")
	}
	s := freshly(t, g, 1)
	if !s.postponed() {
		t.Fatal("a Deployment that nobody has seen yet is looked at among a hundred others")
	}
	select {
	case <-s.wake:
	case <-time.After(time.Minute):
		t.Fatal("nothing has it looked at later")
	}
	s.pace.looked = time.Now().Add(-2 * g.pace()) // the timer may be a moment early
	if s.postponed() {
		t.Error("it is postponed twice")
	}
	s.hurry()
	s.pace.later, s.pace.looked = true, time.Now()
	if s.postponed() {
		t.Error("what has become worse waits")
	}
}

func TestAGateCountsWhatIsOnItsWay(t *testing.T) {
	g := &Gate{}
	s := freshly(t, g, 1)
	s.pace.told(g, &Report{Status: InProgress})
	if n := g.waiting.Load(); n != 1 {
		t.Errorf("one check counts as %d", n)
	}
	s.pace.told(g, &Report{Status: Current})
	s.pace.over(g)
	if n := g.waiting.Load(); n != 0 {
		t.Errorf("none counts as %d", n)
	}
}
