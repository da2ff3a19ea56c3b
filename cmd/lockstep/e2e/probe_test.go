package e2e

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// TestProbe has the Service asked before a commit is healthy: every pod has to answer, and a number that no pod listens
// on is found out, which nothing else in the cluster knows of.
func TestProbe(t *testing.T) {
	t.Parallel()
	s := newStage(t)
	since := s.commit("Serve from three pods", edit{"web-deployment", "replicas: 1", "replicas: 3"})
	d := s.start("--timeout", "5m", "--probe", "http://web-service:80/")
	d.healthy()
	s.figure("probe, healthy", since, nil)
	text := d.read("status", "web", "-o", "json", "--server", "http://"+d.address)
	_, text, _ = strings.Cut(text, `"probes"`)
	for _, pod := range s.pods(t.Context()) {
		if !strings.Contains(text, pod.Name) {
			t.Errorf("pod %s is not said to have answered: %s", pod.Name, text)
		}
	}
	since = s.commit("Mistype the port", edit{"web-service", "targetPort: 80", "targetPort: 8081"})
	app := d.await("the probe", func(app status.App) bool { return app.Reason == "ProbeFailed" })
	s.figure("wrong port, ProbeFailed", since, nil)
	t.Logf("message: %s\nstatus:\n%s", app.Message, d.told("ProbeFailed"))
}
