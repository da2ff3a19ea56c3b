package health

import (
	"context"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// hesitation is how long a check is not Current, and shows no problem, until it is asked why not. A rollout that is done
// by then costs no watch that only explains.
const hesitation = time.Second

// lag is how long a check has not been Current.
type lag struct {
	since time.Time // zero while it is
	timer *time.Timer
}

// due tells whether it is time to ask why not; if it is not yet, it has the session look again when it is.
func (l *lag) due(s *session) bool {
	if l.since.IsZero() {
		l.since = time.Now()
		l.timer = time.AfterFunc(hesitation, s.poke)
	}
	return time.Since(l.since) >= hesitation
}

// over ends it.
func (l *lag) over() {
	if l.timer != nil {
		l.timer.Stop()
	}
	*l = lag{}
}

// judge computes the report, and once more with what explains it when there is something to explain. None of that is
// required: where it is forbidden or late, the report is what it is without.
func (g *gathering) judge(ctx context.Context) (*Report, error) {
	r := Compute(g.state)
	lag := &g.session.lag
	if r.Status == Current || !r.waits() && len(g.bare()) == 0 {
		lag.over()
		return r, nil
	}
	if !lag.due(g.session) && len(r.Problems) == 0 {
		return r, nil
	}
	explained := g.explain(ctx, r)
	if g.err != nil {
		return nil, g.err
	}
	if !explained {
		return r, nil
	}
	return Compute(g.state), nil
}

// bare are the pods that were applied as such, and are not ready.
func (g *gathering) bare() []*corev1.Pod {
	var found []*corev1.Pod
	for _, t := range g.state.Targets {
		if t.Live == nil || t.Live.GroupVersionKind().GroupKind() != gkPod {
			continue
		}
		if p := podOf(t.Live); p != nil && active(p) && !ready(p) {
			found = append(found, p)
		}
	}
	return found
}

// waits tells whether some workload is not complete: pods are all that there is more to know of.
func (r *Report) waits() bool {
	for _, w := range r.Workloads {
		if w.Status != Current {
			return true
		}
	}
	return false
}

// explain adds to the state what is known about the workloads of r that are not complete, and tells whether that is
// anything: of a rollout that is only slow it is not.
func (g *gathering) explain(ctx context.Context, r *Report) bool {
	late := map[object.ID]bool{}
	for _, w := range r.Workloads {
		late[w.ID] = w.Status != Current
	}
	v := newView(g.state)
	suspects := g.bare()
	for _, t := range v.Targets {
		if o := t.newest(); late[object.Of(t.Applied)] {
			g.controllerEvents(ctx, v, o)
			suspects = append(suspects, v.lagging(o)...)
		}
	}
	for _, p := range suspects {
		g.events(ctx, p.Namespace, refInvolved(p.UID))
		g.claims(ctx, p)
	}
	if len(g.state.Events)+len(g.state.Claims) > 0 {
		v = newView(g.state)
	}
	g.read(v, suspects)
	g.room(v, suspects)
	return len(g.state.Events)+len(g.state.Claims)+len(g.state.Logs)+len(g.state.Nodes.Rooms) > 0
}

// room adds what room the nodes have, if a pod finds too little.
func (g *gathering) room(v *view, suspects []*corev1.Pod) {
	for _, p := range suspects {
		if found := v.unscheduled(p); found != nil && short(found.message) != "" {
			g.state.Nodes = g.session.gate.rooms.get(g.session)
			return
		}
	}
}

// read adds the logs of the containers that have ended: those that the report will show, one a workload and reason.
func (g *gathering) read(v *view, suspects []*corev1.Pod) {
	g.state.Logs = map[LogKey]Log{}
	type shown struct {
		owner   string
		reason  Reason
		certain bool
	}
	known := map[shown]bool{}
	for _, p := range suspects {
		found := v.symptom(p)
		if found == nil || found.run == nil {
			continue
		}
		first := shown{strings.Join(owned(p), ""), found.reason, found.certain}
		if known[first] {
			continue
		}
		known[first] = true
		if log, read := g.session.gate.logs.get(runOf(p, *found.run), g.session); read {
			g.state.Logs[*found.run] = log
		}
	}
}

// runOf is the run of that key.
func runOf(p *corev1.Pod, key LogKey) run {
	r := run{key: key, namespace: p.Namespace, name: p.Name}
	for _, c := range containers(p) {
		if end := lastEnd(c); c.Name == key.Container && end != nil {
			r.previous, r.began = c.State.Terminated == nil, end.StartedAt.Time
		}
	}
	return r
}

// lagging are the pods that a workload waits for.
func (v *view) lagging(o *unstructured.Unstructured) []*corev1.Pod {
	var found []*corev1.Pod
	for _, p := range v.suspects(o, v.members(o)) {
		if active(p) && !ready(p) || v.relapsing(p) {
			found = append(found, p)
		}
	}
	return found
}

// controllerEvents adds the events about o, and about the ReplicaSet that makes its pods.
func (g *gathering) controllerEvents(ctx context.Context, v *view, o *unstructured.Unstructured) {
	if set := v.currentSet(o); set != nil {
		g.events(ctx, set.Namespace, refInvolved(set.UID))
		return
	}
	g.events(ctx, o.GetNamespace(), refInvolved(o.GetUID()))
}

// events adds the warnings about one object.
func (g *gathering) events(ctx context.Context, namespace, ref string) {
	key := sourceKey{resource: eventResource, namespace: namespace, typed: true, fields: warningEvents, auxiliary: true}
	if g.session.asked[question{g.session.source(key), ref}] { // two pods may stand on one claim
		return
	}
	for _, e := range g.lookup(ctx, key, ref) {
		if e, ok := e.(*corev1.Event); ok {
			g.state.Events = append(g.state.Events, e)
		}
	}
}

// claims adds the claims that p's volumes stand on while it has not begun to run, and the warnings about them. Each is
// watched by its name, since a role may allow no more.
func (g *gathering) claims(ctx context.Context, p *corev1.Pod) {
	if begun(p) {
		return
	}
	for _, name := range claimNames(p) {
		key := sourceKey{resource: claimResource, namespace: p.Namespace, name: name, typed: true, auxiliary: true}
		if g.session.asked[question{g.session.source(key), refName(name)}] {
			continue
		}
		for _, c := range g.lookup(ctx, key, refName(name)) {
			if c, ok := c.(*corev1.PersistentVolumeClaim); ok {
				g.state.Claims = append(g.state.Claims, c)
				g.events(ctx, p.Namespace, refInvolved(c.UID))
			}
		}
	}
}

// resource versions of the kinds that explain pods.
var (
	eventResource = schema.GroupVersionResource{Version: "v1", Resource: "events"}
	claimResource = schema.GroupVersionResource{Version: "v1", Resource: "persistentvolumeclaims"}
)
