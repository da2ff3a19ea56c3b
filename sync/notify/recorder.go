package notify

import (
	"cmp"
	"context"
	"slices"
	"strings"
	stdsync "sync"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	// mostRecorded is how many events of Kubernetes wait to be written; what comes on top of them is dropped.
	mostRecorded = 256
	// mostProblems of one report are told, and a verdict on as many workloads.
	mostProblems = 10
)

// Recorder writes events of Kubernetes: on the workloads, what they come to, and on an object of the daemon's own what each app
// does. It is a [sync.Observer]. Events are best effort: they are few, written by nobody who is waited for, and where the daemon
// may not write them that is told once.
type Recorder struct {
	store  *status.Store
	clean  func(string) string
	writer *writer
	own    func(app string) corev1.ObjectReference

	mu   stdsync.Mutex
	apps map[string]*recorded
}

// recorded is what is known of an app.
type recorded struct {
	app     string
	last    Notice
	known   bool // it has come to something since the daemon began
	objects map[object.ID]live
}

// live is by what kubectl describe asks for the events of an object.
type live struct {
	version string // of its API, with the group
	uid     types.UID
}

// NewRecorder returns a Recorder of the apps in store, which has to be told of each event before it. Instance names the
// daemon; what an app comes to is written on the object that own returns, which has a name and a namespace.
func NewRecorder(c client.Client, store *status.Store, instance string, own func(app string) corev1.ObjectReference,
	clean func(string) string, log *zap.Logger,
) *Recorder {
	return &Recorder{store: store, clean: clean, writer: newWriter(c, instance, log), own: own, apps: map[string]*recorded{}}
}

// Run writes until ctx ends.
func (r *Recorder) Run(ctx context.Context) error { return r.writer.run(ctx) }

// Observe takes down what is worth an event of Kubernetes.
func (r *Recorder) Observe(_ context.Context, event sync.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if event.Left {
		delete(r.apps, event.App)
		return
	}
	one := r.apps[event.App]
	if one == nil {
		one = &recorded{app: event.App, objects: map[object.ID]live{}}
		r.apps[event.App] = one
	}
	switch {
	case event.Change != nil:
		r.changed(one, event.Change)
		return
	case event.Applied != nil:
		one.learn(event.Applied)
	case event.Report != nil:
		for _, p := range event.Report.Problems[:min(len(event.Report.Problems), mostProblems)] {
			if p.Object.Name != "" {
				r.write(one, one.reference(p.Object), corev1.EventTypeWarning, "Gate", string(p.Reason),
					strings.TrimSuffix(p.Message+"; "+p.Advice, "; ")+" ("+event.Revision.String()+")")
			}
		}
	}
	r.verdict(one, event)
}

// changed tells of drift.
func (r *Recorder) changed(one *recorded, c *apply.Change) {
	fight := sync.IsFight(c)
	if !fight && (!c.Drift || c.Action != apply.Created && c.Action != apply.Configured) {
		return
	}
	one.know(c) // one that had been deleted is another since
	if fight {
		r.write(one, one.reference(c.ID), corev1.EventTypeWarning, "Apply", "Fight", c.Why)
		return
	}
	r.write(one, one.reference(c.ID), corev1.EventTypeNormal, "Apply", "DriftCorrected", c.String())
}

// verdict tells what an app has come to, once.
func (r *Recorder) verdict(one *recorded, event sync.Event) {
	app, there := r.store.App(event.App)
	if !there {
		return
	}
	known := one.known
	one.known = known || event.Record != nil || event.Err != nil
	is := noticeOf(app, event, r.clean)
	if !slices.Contains(verdicts, is.State) {
		return
	}
	before := one.last
	one.last = is
	found := is.State == sync.Healthy && !known && !wrote(app)
	if event.Same == nil && !found && !before.same(is) {
		r.tell(one, app, is)
	}
}

// tell writes a verdict on the daemon's own object and, where something is live by it, on the workloads that were changed: of a
// failure, its problems have been told where they are.
func (r *Recorder) tell(one *recorded, app status.App, is Notice) {
	kind := corev1.EventTypeWarning
	if is.State == sync.Healthy {
		kind = corev1.EventTypeNormal
	}
	r.write(one, r.own(app.Name), kind, "Reconcile", cmp.Or(is.Reason, string(is.State)), is.text())
	if is.State != sync.Healthy && is.State != sync.RolledBack {
		return
	}
	left := mostProblems
	for _, c := range app.Changes {
		if left > 0 && workloads[c.Object.Kind] && (c.Action == apply.Created || c.Action == apply.Configured) {
			left--
			r.write(one, one.reference(c.Object), kind, "Reconcile", string(is.State), is.text())
		}
	}
}

// workloads are the kinds on which it is written what the app has come to.
var workloads = map[string]bool{"Deployment": true, "StatefulSet": true, "DaemonSet": true, "Job": true, "CronJob": true}

// learn takes down what the objects are in the cluster.
func (o *recorded) learn(plan *apply.Plan) {
	clear(o.objects)
	for _, c := range plan.Changes {
		o.know(c)
	}
}

func (o *recorded) know(c *apply.Change) {
	is := cmp.Or(c.Live, c.Desired)
	if uid := c.UID(); is != nil && uid != "" {
		o.objects[c.ID] = live{version: is.GetAPIVersion(), uid: uid}
	}
}

// reference is an object as far as it is known.
func (o *recorded) reference(id object.ID) corev1.ObjectReference {
	known := o.objects[id]
	return corev1.ObjectReference{APIVersion: known.version, Kind: id.Kind, Namespace: id.Namespace, Name: id.Name, UID: known.uid}
}

func (r *Recorder) write(one *recorded, about corev1.ObjectReference, kind, action, reason, note string) {
	r.writer.offer(occurrence{subject{one.app, about, kind, action, reason}, r.clean(note)})
}
