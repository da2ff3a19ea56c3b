package live

import (
	"net/url"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestDurationsAsPeopleSayThem(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0 ms", 0: "0 ms", 400 * time.Microsecond: "0 ms", 420 * time.Millisecond: "420 ms",
		999600 * time.Microsecond: "1.0 s", 1340 * time.Millisecond: "1.3 s", 9960 * time.Millisecond: "10 s",
		12400 * time.Millisecond: "12 s", 59600 * time.Millisecond: "1 min", 125 * time.Second: "2 min 5 s",
		2 * time.Minute: "2 min", 59*time.Minute + 59600*time.Millisecond: "1 h", 192 * time.Minute: "3 h 12 min",
		98 * time.Hour: "4 d 2 h", 24 * time.Hour: "1 d",
	} {
		if got := spell(d); got != want {
			t.Errorf("%v: %q, want %q", d, got, want)
		}
	}
}

func TestTheClosingLineSaysWhatTheAppStandsOn(t *testing.T) {
	pods := func(kind string, ready, desired int) health.Workload {
		return health.Workload{Kind: kind, Ready: ready, Desired: desired}
	}
	routes := func(n ...int) (all []health.Service) {
		for _, ready := range n {
			all = append(all, health.Service{EndpointsReady: ready, EndpointsExpected: ready})
		}
		return all
	}
	web3, job := pods("Deployment", 3, 3), pods("Job", 1, 1)
	for _, test := range []struct {
		name      string
		workloads []health.Workload
		services  []health.Service
		want      string
	}{
		{"pods behind a Service", []health.Workload{web3}, routes(3), "serving from 3 pods"},
		{"one pod", []health.Workload{pods("Deployment", 1, 1)}, routes(1), "serving from 1 pod"},
		{"two Services for the same pods", []health.Workload{web3}, routes(3, 3), "serving from 3 pods"},
		{"a worker beside them", []health.Workload{web3, pods("Deployment", 2, 2)}, routes(3), "serving from 3 pods"},
		{"a Job beside them", []health.Workload{web3, job}, routes(3), "serving from 3 pods"},
		{"pods of others", nil, routes(2), "serving from 2 pods"},
		{"no Service", []health.Workload{web3}, nil, "3 pods ready"},
		{"a DaemonSet that no node is for", []health.Workload{pods("DaemonSet", 0, 0)}, routes(0), "on no node"},
		{"a Job that is suspended", []health.Workload{pods("Job", 0, 1)}, nil, "0 of 1 Job complete, the rest asks for no pod"},
		{"one Job of two", []health.Workload{pods("Job", 1, 1), pods("Job", 0, 1)}, nil, "1 of 2 Jobs complete, the rest asks for no pod"},
		{"nothing wanted", []health.Workload{pods("Deployment", 0, 0)}, routes(0), "scaled to 0 pods"},
		{"Jobs", []health.Workload{job, job}, nil, "2 Jobs complete"},
		{"no workload", nil, nil, "4 objects in place"},
	} {
		t.Run(test.name, func(t *testing.T) {
			app := status.App{Workloads: test.workloads, Services: test.services, Objects: status.Objects{Total: 4}}
			if got := app.Standing(); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAnAppIsSaidToWaitForWhatItWaitsFor(t *testing.T) {
	for _, test := range []struct {
		name string
		app  status.App
		want string
	}{
		{"no commit", status.New(web), "Pending: waiting for a first commit of /srv/shop"},
		{"a commit", newScript().commit("a", "One", 0).folded(), "Syncing, 2.0 s after it was seen: reading the commit"},
		{"pods", scaledTo(3, 1), "Progressing, 2.0 s after it was seen: deployment.apps/web-server: 1 of 3 pods ready"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := waiting(test.app, start.Add(2*time.Second))
			if got := s.lead + s.text; got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// scaledTo is a first commit on its way.
func scaledTo(wanted, ready int) status.App {
	return newScript().commit("a", "One", 0).apply(created(deployment)).report(rollout(wanted, ready, ready)).folded()
}

func TestEveryReasonOfAPassSaysWhatToDo(t *testing.T) {
	unauthorized := apierrors.NewUnauthorized("Unauthorized")
	for _, failed := range []struct {
		step sync.Step
		err  error
	}{
		{sync.StepFetch, errRefused},
		{sync.StepRead, errRefused},
		{sync.StepLoad, errRefused},
		{sync.StepPlan, errRefused},
		{sync.StepApply, errRefused},
		{sync.StepGate, errRefused},
		{sync.StepPrune, errRefused},
		{sync.StepSave, errRefused},
		{sync.StepFetch, git.ErrBranchNotFound},
		{sync.StepFetch, git.ErrRefNotFound},
		{sync.StepFetch, git.ErrSignature},
		{sync.StepFetch, git.ErrNoCommits},
		{sync.StepFetch, git.ErrNotFound},
		{sync.StepFetch, git.ErrAuth},
		{sync.StepFetch, git.ErrCredentials},
		{sync.StepFetch, git.ErrHostKey},
		{sync.StepFetch, git.ErrUnavailable},
		{sync.StepFetch, git.ErrUnsupported},
		{sync.StepRead, git.ErrCorrupt},
		{sync.StepLoad, sync.ErrNameTaken},
		{sync.StepSave, inventory.ErrConflict},
		{sync.StepPlan, &apply.NamespaceError{Name: "shop"}},
		{sync.StepLoad, unauthorized},
		{sync.StepLoad, &url.Error{Op: "Get", URL: "https://10.0.0.1", Err: errRefused}},
	} {
		app := newScript().commit("a", "One", 0).fail(failed.step, failed.err).folded()
		if s := failure(app); s.advice == "" || s.advice != (&sync.Error{Step: failed.step, Err: failed.err}).Advice() {
			t.Errorf("%s: %s%s, and the advice %q", failed.step, s.lead, s.text, s.advice)
		}
	}
}

func TestAFailureIsSaidWithoutTheAppAndItsRevision(t *testing.T) {
	app := newScript().commit("a", "One", 0).fail(sync.StepLoad, errRefused).folded()
	if got, want := failure(app).text, ": InventoryUnreadable: "+errRefused.Error(); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
