package live

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

var (
	start      = time.Date(2026, 3, 1, 14, 3, 12, 0, time.UTC)
	deployment = object.ID{Group: "apps", Kind: "Deployment", Namespace: "default", Name: "web-server"}
	service    = object.ID{Kind: "Service", Namespace: "default", Name: "web-service"}
	config     = object.ID{Kind: "ConfigMap", Namespace: "default", Name: "web-config"}
	web        = sync.App{Name: "web", Repository: "/srv/shop", Path: "manifests", Namespace: "default", Prune: true}
)

// script is a sequence of events as a reconciler tells them, with a clock that the test moves.
type script struct {
	now      time.Time
	revision git.Revision
	outcome  *sync.Outcome
	events   []sync.Event
}

func newScript() *script { return &script{now: start, outcome: &sync.Outcome{}} }

// after moves the clock.
func (s *script) after(d time.Duration) *script {
	s.now = s.now.Add(d)
	return s
}

func (s *script) add(event sync.Event) *script {
	event.App, event.At, event.Revision = web.Name, s.now, s.revision
	s.events = append(s.events, event)
	return s
}

// commit sees a new commit, whose hash repeats a digit.
func (s *script) commit(digit, message string, ago time.Duration) *script {
	s.revision = git.Revision{Ref: "main", Hash: strings.Repeat(digit, 40)}
	snapshot := git.Snapshot{Revision: s.revision, Author: "Ada Lovelace", Message: message, Time: s.now.Add(-ago)}
	if ago > 0 {
		snapshot.Moved = s.now.Add(-ago)
	}
	return s.add(sync.Event{Step: sync.StepFetch, Snapshot: &snapshot})
}

// apply plans and makes the changes, 10 ms each.
func (s *script) apply(changes ...*apply.Change) *script {
	plan := &apply.Plan{App: web.Name, Changes: changes}
	s.add(sync.Event{Step: sync.StepPlan, Plan: plan})
	for _, c := range changes {
		s.after(10 * time.Millisecond).add(sync.Event{Step: sync.StepApply, Change: c})
	}
	return s.add(sync.Event{Step: sync.StepApply, Applied: plan})
}

// report tells the health, and keeps it for the record.
func (s *script) report(r *health.Report) *script {
	s.outcome = &sync.Outcome{Revision: s.revision, State: sync.Healthy, Report: r}
	return s.add(sync.Event{Step: sync.StepGate, Report: r})
}

func (s *script) record() *script { return s.add(sync.Event{Step: sync.StepSave, Record: s.outcome}) }

func (s *script) fail(step sync.Step, err error) *script {
	return s.add(sync.Event{Step: step, Err: &sync.Error{Step: step, App: web.Name, Revision: s.revision, Err: err}})
}

// folded is the status after all events.
func (s *script) folded() status.App {
	app := status.New(web)
	for _, event := range s.events {
		app = status.Fold(app, event)
	}
	return app
}

// firstDeploy brings one pod up.
func firstDeploy() *script {
	return newScript().commit("a", "Deploy the web server", 0).
		apply(created(deployment), created(service)).
		after(20 * time.Millisecond).report(rollout(1, 0, 0)).
		after(300 * time.Millisecond).report(rollout(1, 1, 0)).
		after(100 * time.Millisecond).report(rollout(1, 1, 1)).record()
}

// scaled is the commit that turns one pod into three, seen 40 ms after it was made.
func scaled() *script {
	return firstDeploy().after(3*time.Second).commit("3", "Scale the web server to three", 40*time.Millisecond).
		apply(configured(deployment, "spec.replicas", "1", "3"), unchanged(service)).
		after(20 * time.Millisecond).report(rollout(3, 1, 1)).
		after(500 * time.Millisecond).report(rollout(3, 2, 1)).
		after(400 * time.Millisecond).report(rollout(3, 3, 2)).
		after(300 * time.Millisecond).report(rollout(3, 3, 3)).record()
}

// idle is a pass that finds nothing to do.
func (s *script) idle() *script {
	return s.after(30*time.Second).apply(unchanged(deployment), unchanged(service)).report(s.outcome.Report).record()
}

func created(id object.ID) *apply.Change {
	return &apply.Change{ID: id, Action: apply.Created, File: "web.yaml", Line: 1}
}

func unchanged(id object.ID) *apply.Change {
	return &apply.Change{ID: id, Action: apply.Unchanged, File: "web.yaml", Line: 1}
}

func configured(id object.ID, path, before, after string) *apply.Change {
	fields := []apply.Field{{Path: path, Old: &before, New: &after}}
	return &apply.Change{ID: id, Action: apply.Configured, Fields: fields, File: "web.yaml", Line: 1}
}

// pod is the i-th pod of web-server.
func pod(i int, ready bool) health.Pod {
	p := health.Pod{Name: fmt.Sprintf("web-server-6c8f9d7b4-x%02dzp", i), Updated: true, Ready: ready, Status: "Pending"}
	if ready {
		p.IP, p.Node, p.Status = fmt.Sprintf("10.244.%d.%d", i%3, i+2), fmt.Sprintf("node-%d", i%3+1), "Running"
	}
	return p
}

// rollout is the health of a Deployment that wants so many pods, of which so many are ready and so many routed to.
func rollout(wanted, ready, routed int) *health.Report {
	w := health.Workload{
		ID: deployment, Kind: "Deployment", Name: deployment.Name, Desired: wanted, Updated: wanted, Ready: ready,
		Status: health.Current,
	}
	for i := range max(wanted, ready) {
		w.Pods = append(w.Pods, pod(i, i < ready))
	}
	v := health.Service{ID: service, Name: service.Name, EndpointsReady: routed, EndpointsExpected: wanted, Status: health.Current}
	r := &health.Report{Status: health.Current, Problems: []health.Problem{}}
	if ready != wanted {
		w.Status = health.InProgress
		w.Message = fmt.Sprintf("%d of %s ready", ready, plural(wanted, "pod"))
		r.Status, r.Reason, r.Message = health.InProgress, health.RolloutInProgress, deployment.String()+": "+w.Message
	} else if routed != wanted {
		v.Status = health.InProgress
		r.Status, r.Reason = health.InProgress, health.RolloutInProgress
		r.Message = fmt.Sprintf("%s: %d of %s ready", service, routed, plural(wanted, "endpoint"))
	}
	r.Workloads, r.Services = []health.Workload{w}, []health.Service{v}
	return r
}

const noCPU = "0/3 nodes are available: 3 Insufficient cpu. no new claims to deallocate, preemption: 0/3 nodes are " +
	"available: 3 Preemption is not helpful for scheduling."

// unschedulable is a rollout that stops for want of cpu.
func unschedulable(wanted, ready int) *health.Report {
	r := rollout(wanted, ready, ready)
	var stuck []string
	for i := ready; i < wanted; i++ {
		p := &r.Workloads[0].Pods[i]
		p.Reason, p.Message = health.Unschedulable, noCPU
		stuck = append(stuck, p.Name)
	}
	r.Problems = []health.Problem{{
		Reason: health.Unschedulable, Object: deployment, Pods: stuck, Message: noCPU,
		Advice: "Lower the cpu that a pod requests (now 64), or add a node that has so much free.",
	}}
	r.Reason, r.Message = health.Unschedulable, deployment.String()+": "+noCPU
	return r
}

// expired is what the gate makes of a report when its time is up.
func expired(r *health.Report) error {
	late := *r
	late.Status, late.Message = health.Failed, r.Message+", after 5m0s"
	return &health.Failure{Report: &late}
}

var errRefused = errors.New("ls-remote https://git.example.com/team/shop.git: connection refused")
