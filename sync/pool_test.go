package sync_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// workload writes an app of one Deployment, of one pod that asks for so much.
func (s *fleetStage) workload(name, cpu string) {
	s.repo.Write("apps/"+name+"/deployment.yaml", fmt.Sprintf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: %[1]s}
spec:
  selector: {matchLabels: {app: %[1]s}}
  template:
    metadata: {labels: {app: %[1]s}}
    spec:
      containers:
      - {name: main, image: "nginx:1.27", resources: {requests: {cpu: "%[2]s"}}}
`, name, cpu))
}

// hang writes an app whose pod no node has room for: its gate waits.
func (s *fleetStage) hang(name string) { s.workload(name, "64") }

// serve writes an app whose pod runs.
func (s *fleetStage) serve(name string) { s.workload(name, "10m") }

// hangs is a wish for until: the app's gate waits for room.
func hangs(app status.App) bool {
	return app.State == sync.Progressing && app.Reason == string(health.Unschedulable)
}

// patient returns the app, with a gate that does not give up while the test runs.
func patient(app sync.App) sync.App {
	app.Timeout = time.Hour
	return app
}

func TestAppsThatHangDelayNoOther(t *testing.T) {
	s := newFleetStage(t) // has two workers
	var stuck []sync.App
	for i := range 10 {
		name := fmt.Sprintf("hang-%d", i)
		stuck = append(stuck, patient(s.named(name)))
		s.hang(name)
	}
	works := s.named("works")
	s.apps = append([]sync.App{works}, stuck...)
	s.serve("works")
	hash := s.commit()
	s.run()
	s.until(works, "to serve", healthyAt(hash))
	for _, app := range stuck {
		s.until(app, "to hang", hangs)
	}

	s.repo.Write("apps/works/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: works}\n")
	s.until(works, "to go on while the others hang", healthyAt(s.commit()))
	for _, app := range stuck {
		if is, _ := s.store.App(app.Name); !hangs(is) {
			t.Errorf("%s does not hang any more, and so proves nothing: %s", app.Name, describe(is))
		}
	}
}

func TestANewerCommitOvertakesOneThatWaits(t *testing.T) {
	s := newFleetStage(t)
	app := patient(s.named("web"))
	s.apps = []sync.App{app}
	s.hang("web")
	s.commit()
	s.run()
	s.until(app, "to hang", hangs)
	s.serve("web")
	s.until(app, "to serve from the newer commit", healthyAt(s.commit()))
}
