package health

import (
	"context"
	"maps"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// gathering collects one State from the watches.
type gathering struct {
	session *session
	state   State
	pods    map[types.UID]*corev1.Pod
	err     error // the first; the watches that come after are not asked
}

// gather looks up all that the check's objects stand on, and subscribes to it before it is read. It ends with settle.
func (s *session) gather(ctx context.Context) (*gathering, error) {
	for q := range s.asked {
		s.asked[q] = false
	}
	g := &gathering{session: s, state: State{Now: time.Now(), Rules: s.check.Rules, Proof: s.gate.Proof}, pods: map[types.UID]*corev1.Pod{}}
	for _, t := range s.targets {
		g.target(ctx, t)
	}
	for _, t := range g.state.Targets {
		g.behind(ctx, t)
	}
	if g.err != nil {
		return nil, g.err
	}
	g.state.Pods = slices.Collect(maps.Values(g.pods))
	g.state.Blind = s.blind()
	return g, nil
}

// settle lets go of what was looked up before and is not any more, and of auxiliary watches that nothing is asked of.
func (s *session) settle() {
	used := map[*source]bool{}
	for q, again := range s.asked {
		if again {
			used[q.source] = true
			continue
		}
		q.source.unsubscribe(q.ref, s)
		delete(s.asked, q)
	}
	s.sources = slices.DeleteFunc(s.sources, func(src *source) bool {
		idle := src.key.auxiliary && !used[src]
		if idle {
			s.gate.sources.release(src.key)
		}
		return idle
	})
}

// source takes the watch of that key for the session, if it does not have it yet. Nil after an error.
func (g *gathering) source(ctx context.Context, key sourceKey) *source {
	if g.err != nil {
		return nil
	}
	src := g.session.source(key)
	if src == nil {
		if src, g.err = g.session.gate.sources.acquire(ctx, key); g.err != nil {
			return nil
		}
		g.session.sources = append(g.session.sources, src)
	}
	return src
}

// lookup asks one source for what stands under ref.
func (g *gathering) lookup(ctx context.Context, key sourceKey, ref string) []any {
	src := g.source(ctx, key)
	if src == nil {
		return nil
	}
	q := question{src, ref}
	if _, known := g.session.asked[q]; !known {
		src.subscribe(ref, g.session)
	}
	g.session.asked[q] = true
	return src.find(ref)
}

// target adds an object of the check as its watch shows it.
func (g *gathering) target(ctx context.Context, t target) {
	var live *unstructured.Unstructured
	seen := ""
	if t.passive {
		g.state.Targets = append(g.state.Targets, t.with(nil, ""))
		return
	}
	if src := g.source(ctx, t.key); src != nil {
		seen = src.seen() // before the look-up: what is found may be newer than it says, never older
		for _, o := range g.lookup(ctx, t.key, t.ref()) {
			live = shown(o)
		}
	}
	found := t.with(live, seen)
	if src := g.session.source(t.key); live == nil && src != nil && t.outline.version != "" {
		found.Last = src.outlived(found.Applied)
	}
	g.state.Targets = append(g.state.Targets, found)
}

// behind adds what explains a workload or a Service.
func (g *gathering) behind(ctx context.Context, t Target) {
	o := t.newest()
	namespace, uid := o.GetNamespace(), o.GetUID()
	switch o.GroupVersionKind().GroupKind() {
	case gkDeployment:
		for _, set := range g.lookup(ctx, typed(setResource, namespace), refOwner(uid)) {
			if set, ok := set.(*appsv1.ReplicaSet); ok {
				g.state.ReplicaSets = append(g.state.ReplicaSets, set)
				g.podsUnder(ctx, namespace, refOwner(set.UID))
			}
		}
		g.source(ctx, typed(podResource, namespace)) // it will be needed: let it start with the others
	case gkDaemonSet:
		for _, revision := range g.lookup(ctx, typed(revisionResource, namespace), refOwner(uid)) {
			if revision, ok := revision.(*appsv1.ControllerRevision); ok {
				g.state.Revisions = append(g.state.Revisions, revision)
			}
		}
		g.podsUnder(ctx, namespace, refOwner(uid))
	case gkStatefulSet, gkJob, gkReplicaSet, gkReplicationController:
		g.podsUnder(ctx, namespace, refOwner(uid))
	case gkPersistentVolumeClaim:
		g.class(ctx, o)
	case gkCronJob:
		g.jobs(ctx, o)
	case gkService:
		g.service(ctx, t)
	default:
		g.backends(ctx, o)
		g.named(o)
	}
}

// podsUnder adds the pods under ref.
func (g *gathering) podsUnder(ctx context.Context, namespace, ref string) {
	for _, p := range g.lookup(ctx, typed(podResource, namespace), ref) {
		if p, ok := p.(*corev1.Pod); ok {
			g.pods[p.UID] = p
		}
	}
}

// service adds the slices of a Service and the pods that it selects; if there are none, and no object of the check is to
// make them, all of the namespace, since the report then says which labels there are.
func (g *gathering) service(ctx context.Context, t Target) {
	o := t.newest()
	for _, slice := range g.lookup(ctx, typed(sliceResource, o.GetNamespace()), refService(o.GetName())) {
		if slice, ok := slice.(*discoveryv1.EndpointSlice); ok {
			g.state.Slices = append(g.state.Slices, slice)
		}
	}
	if !gated(t) {
		return
	}
	set := pairs(o, "spec", "selector")
	selector := labels.SelectorFromValidatedSet(set)
	selects := false
	for _, p := range g.lookup(ctx, typed(podResource, o.GetNamespace()), g.rarest(ctx, o.GetNamespace(), set)) {
		if p, ok := p.(*corev1.Pod); ok && selector.Matches(labels.Set(p.Labels)) {
			g.pods[p.UID] = p
			selects = true
		}
	}
	if !selects && !foreseen(g.state.Targets, o.GetNamespace(), selector) {
		g.podsUnder(ctx, o.GetNamespace(), refAll)
	}
}

// rarest is the label of set that the fewest pods of the namespace have: a change of any other pod need not concern the
// check. Every pod that set selects has each of them, so it matters to nothing but the cost.
func (g *gathering) rarest(ctx context.Context, namespace string, set labels.Set) string {
	src := g.source(ctx, typed(podResource, namespace))
	best, fewest := "", 0
	for _, key := range slices.Sorted(maps.Keys(set)) {
		ref := refLabel(key, set[key])
		n := 0
		if src != nil {
			n = src.count(ref)
		}
		if best == "" || n < fewest {
			best, fewest = ref, n
		}
	}
	return best
}

// foreseen tells that one of the targets makes pods that selector selects.
func foreseen(targets []Target, namespace string, selector labels.Selector) bool {
	return slices.ContainsFunc(targets, func(t Target) bool {
		maker := t.newest()
		made, makes := templateLabels(maker)
		return makes && maker.GetNamespace() == namespace && selector.Matches(labels.Set(made))
	})
}

// backends adds the Services that an Ingress or a route leads to, by whomever they are.
func (g *gathering) backends(ctx context.Context, o *unstructured.Unstructured) {
	seen := map[string]bool{}
	for _, b := range backendsOf(o) {
		if seen[b.service] {
			continue
		}
		seen[b.service] = true
		if g.session.applies(object.ID{Kind: gkService.Kind, Namespace: o.GetNamespace(), Name: b.service}) {
			continue // it is among the targets
		}
		for _, service := range g.lookup(ctx, keyOf(serviceResource, o.GetNamespace()), refName(b.service)) {
			if service := shown(service); service != nil {
				g.state.Services = append(g.state.Services, service)
			}
		}
	}
}

// typed is the key of a watch of a kind that Compute knows the type of.
func typed(resource schema.GroupVersionResource, namespace string) sourceKey {
	return sourceKey{resource: resource, namespace: namespace, typed: true}
}
