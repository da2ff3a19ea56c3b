package health_test

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health"
)

// TestPodsThatNoProbeAsksAreProvenByTimeAlone is about a check that nothing wakes any more: the pods run, and all is said.
func TestPodsThatNoProbeAsksAreProvenByTimeAlone(t *testing.T) {
	c := newCluster(t)
	c.gate.Proof = 2 * time.Second
	unasked := change{"Deployment/*", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "web", "image": "nginx:1.27"}},
	}}}}}
	waited := false
	check := health.Check{Objects: applied(t, c.apply(web(t, 2, unasked)...)...), Timeout: patience, Progress: func(r *health.Report) {
		waited = waited || strings.Contains(r.Message, "without a readinessProbe they count")
	}}
	if report, err := c.gate.Wait(t.Context(), check); err != nil || report.Status != health.Current {
		t.Fatalf("%v, %+v", err, report)
	}
	if !waited {
		t.Error("they were taken at their word")
	}
}

func TestPodsThatAProbeHasAskedAreTakenAtItsWord(t *testing.T) {
	c := newCluster(t)
	c.gate.Proof = time.Hour
	c.healthy(web(t, 2))
}
