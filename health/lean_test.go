package health_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/lockstep-dev/lockstep/health"
)

// lean is the state as the watches show it that keep objects packed, beside what is kept of those that were applied.
func lean(t *testing.T, s health.State) health.State {
	t.Helper()
	targets := make([]health.Target, len(s.Targets))
	for i, target := range s.Targets {
		spared, err := health.Spared(target)
		if err != nil {
			t.Fatal(err)
		}
		targets[i] = spared
		if target.Live == nil {
			continue
		}
		typed, err := scheme.Scheme.New(target.Live.GroupVersionKind())
		if err != nil {
			continue // a kind of somebody else's
		}
		if runtime.DefaultUnstructuredConverter.FromUnstructured(target.Live.Object, typed) != nil {
			continue // what no API server would have
		}
		shown, err := health.Watched(typed)
		if err != nil {
			t.Fatal(err)
		}
		if shown != nil {
			targets[i].Live = shown
		}
	}
	s.Targets = targets
	return s
}
