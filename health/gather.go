package health

import (
	"context"
	"fmt"
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
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
	g := &gathering{session: s, pods: map[types.UID]*corev1.Pod{}}
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
	for _, key := range s.keys() {
		if key.auxiliary {
			continue
		}
		if trouble := s.sources[key].trouble(); trouble != "" {
			g.state.Blind = append(g.state.Blind, fmt.Sprintf("watch %s: %s", key, trouble))
		}
	}
	return g, nil
}

// settle lets go of what was looked up before and is not any more, and of auxiliary watches that nothing is asked of.
func (s *session) settle() {
	used := map[sourceKey]bool{}
	for q, again := range s.asked {
		if again {
			used[q.source] = true
			continue
		}
		s.sources[q.source].unsubscribe(q.ref, s)
		delete(s.asked, q)
	}
	for key := range s.sources {
		if key.auxiliary && !used[key] {
			s.gate.sources.release(key)
			delete(s.sources, key)
		}
	}
}

// source takes the watch of that key for the session, if it does not have it yet. Nil after an error.
func (g *gathering) source(ctx context.Context, key sourceKey) *source {
	if g.err != nil {
		return nil
	}
	src := g.session.sources[key]
	if src == nil {
		if src, g.err = g.session.gate.sources.acquire(ctx, key); g.err != nil {
			return nil
		}
		g.session.sources[key] = src
	}
	return src
}

// lookup asks one source for what stands under ref.
func (g *gathering) lookup(ctx context.Context, key sourceKey, ref string) []any {
	src := g.source(ctx, key)
	if src == nil {
		return nil
	}
	q := question{key, ref}
	if _, known := g.session.asked[q]; !known {
		src.subscribe(ref, g.session)
	}
	g.session.asked[q] = true
	return src.find(ref)
}

// target adds an object of the check as its watch shows it.
func (g *gathering) target(ctx context.Context, t target) {
	found := Target{Applied: t.applied, Passive: t.passive}
	if t.passive {
		g.state.Targets = append(g.state.Targets, found)
		return
	}
	if src := g.source(ctx, t.key); src != nil {
		found.Seen = src.seen() // before the look-up: what is found may be newer than it says, never older
		for _, o := range g.lookup(ctx, t.key, refName(t.applied.GetName())) {
			found.Live, _ = o.(*unstructured.Unstructured)
		}
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
	case gkStatefulSet, gkJob:
		g.podsUnder(ctx, namespace, refOwner(uid))
	case gkService:
		if gated(t) {
			g.service(ctx, o)
		}
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

// service adds the slices of a Service and the pods that it selects; if it selects none, all of the namespace, since the
// report then says which labels there are.
func (g *gathering) service(ctx context.Context, o *unstructured.Unstructured) {
	for _, slice := range g.lookup(ctx, typed(sliceResource, o.GetNamespace()), refService(o.GetName())) {
		if slice, ok := slice.(*discoveryv1.EndpointSlice); ok {
			g.state.Slices = append(g.state.Slices, slice)
		}
	}
	set := pairs(o, "spec", "selector")
	selector := labels.SelectorFromValidatedSet(set)
	first := slices.Min(slices.Collect(maps.Keys(set)))
	selects := false
	for _, p := range g.lookup(ctx, typed(podResource, o.GetNamespace()), refLabel(first, set[first])) {
		if p, ok := p.(*corev1.Pod); ok && selector.Matches(labels.Set(p.Labels)) {
			g.pods[p.UID] = p
			selects = true
		}
	}
	if !selects {
		g.podsUnder(ctx, o.GetNamespace(), refAll)
	}
}

// typed is the key of a watch of a kind that Compute knows the type of.
func typed(resource schema.GroupVersionResource, namespace string) sourceKey {
	return sourceKey{resource: resource, namespace: namespace, typed: true}
}
