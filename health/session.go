package health

import (
	"cmp"
	"context"
	"fmt"
	"reflect"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// session is one running check: the watches that it has taken, and what it last looked up in each of them. It hears of
// changes to exactly that. Only one goroutine at a time uses it, but for poke and hurry.
type session struct {
	gate    *Gate
	check   Check
	targets []target
	wake    chan struct{}     // of size 1: any number of changes are one recomputation
	looked  chan looked       // how the one that was asked for went
	sources []*source         // few
	asked   map[question]bool // what is subscribed to; true when the last gathering asked it
	report  *Report
	lag     lag
	asking  *asking     // of the check's probes; nil while all else is not healthy
	follows bool        // goes on whatever happens
	later   *time.Timer // pokes when time alone may change the verdict
	pace    pace
}

// question is one look-up in one source.
type question struct {
	source *source
	ref    string
}

// source is the session's watch of that key; nil where it has none.
func (s *session) source(key sourceKey) *source {
	at := slices.IndexFunc(s.sources, func(src *source) bool { return src.key == key })
	if at < 0 {
		return nil
	}
	return s.sources[at]
}

// open begins a check. It finds where each object is watched, which may ask the API server for a kind that is new.
func (g *Gate) open(ctx context.Context, c Check) (*session, error) {
	if err := ctx.Err(); err != nil {
		return nil, context.Cause(ctx)
	}
	s := &session{
		gate: g, check: c, wake: make(chan struct{}, 1), looked: make(chan looked, 1),
		asked: map[question]bool{},
	}
	for _, applied := range c.Objects {
		t, err := g.locate(applied, c.Rules)
		if err != nil {
			return nil, err
		}
		s.targets = append(s.targets, t)
	}
	return s, nil
}

// locate finds the watch of an object: that of its kind in its namespace, or one of its own for an object of the whole cluster.
func (g *Gate) locate(applied *Applied, rules Rules) (target, error) {
	o := applied.outline
	gvk := o.kindOf()
	if passive(gvk.GroupKind()) && rules.of(gvk) == nil {
		return target{Applied: applied, passive: true}, nil
	}
	mapping, err := g.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return target{}, fmt.Errorf("find the resource of kind %s to watch: %w", gvk.GroupKind(), err)
	}
	key := keyOf(mapping.Resource, o.namespace)
	switch {
	case mapping.Scope.Name() == meta.RESTScopeNameRoot:
		key = sourceKey{resource: mapping.Resource, name: o.name}
	case rules.of(gvk) != nil:
		key.typed = false // a rule may ask for a field that the Go type does not have yet
	}
	return target{Applied: applied, key: key}, nil
}

// poke has the session recompute.
func (s *session) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// hurry has it recompute at once, however many checks are on their way.
func (s *session) hurry() {
	s.pace.urgent.Store(true)
	s.poke()
}

// refresh computes the report anew, and tells it when it differs. There is none before every watch has spoken.
func (s *session) refresh(ctx context.Context) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if s.postponed() {
		return nil
	}
	g, err := s.gather(ctx)
	if err != nil {
		return err
	}
	defer s.settle()
	for _, src := range s.sources {
		if !src.key.auxiliary && src.silent() {
			return nil
		}
	}
	r, err := g.judge(ctx)
	if err != nil {
		return err
	}
	if r, err = s.ask(ctx, r, g.state); err != nil {
		return err
	}
	s.tell(r)
	s.remind(g.state)
	s.pace.took = time.Since(s.pace.looked)
	return nil
}

// tell keeps the report, and passes it on when it differs from the last.
func (s *session) tell(r *Report) {
	s.pace.told(s.gate, r)
	if s.report != nil && reflect.DeepEqual(s.report, r) {
		return
	}
	s.report = r
	if s.check.Progress != nil {
		s.check.Progress(r)
	}
}

// remind has the session recompute at the moment at which the verdict may change without an event.
func (s *session) remind(state State) {
	if s.later != nil {
		s.later.Stop()
		s.later = nil
	}
	if at := state.due(); !at.IsZero() {
		s.later = time.AfterFunc(at.Sub(state.Now), s.poke)
	}
}

// expire ends the check for want of time. Where the watches never spoke, it says which.
func (s *session) expire(ctx context.Context) error {
	last := s.report
	if last == nil {
		g, err := s.gather(ctx)
		if err != nil {
			return err
		}
		s.settle()
		last = Compute(g.state)
	}
	s.tell(last.expired(cmp.Or(s.check.Allowed, s.check.Timeout)))
	return &Failure{s.report}
}

// blind names the watches that are required and do not see the cluster now, in order.
func (s *session) blind() []string {
	var all []string
	for _, src := range s.sources {
		if src.key.auxiliary {
			continue
		}
		if trouble := src.trouble(); trouble != "" {
			all = append(all, fmt.Sprintf("watch %s: %s", src.key, trouble))
		}
	}
	slices.SortFunc(all, compareNames)
	return all
}

// refused is the error of the first watch that is forbidden.
func (s *session) refused() error {
	var first error
	for _, src := range s.sources {
		if err := src.forbidden(); err != nil && !src.key.auxiliary {
			err = fmt.Errorf("watch %s: %w", src.key, err)
			if first == nil || compareNames(err.Error(), first.Error()) < 0 {
				first = err
			}
		}
	}
	return first
}

// close ends what is under way, and gives back the watches.
func (s *session) close() {
	s.lag.over()
	s.pace.over(s.gate)
	s.gate.rooms.forget(s)
	s.gate.presence.forget(s)
	s.asking.end()
	if s.later != nil {
		s.later.Stop()
	}
	for q := range s.asked {
		q.source.unsubscribe(q.ref, s)
	}
	for _, src := range s.sources {
		s.gate.sources.release(src.key)
	}
}

// resource versions of the kinds that explain workloads and Services.
var (
	podResource      = schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	setResource      = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "replicasets"}
	revisionResource = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "controllerrevisions"}
	serviceResource  = schema.GroupVersionResource{Version: "v1", Resource: "services"}
	classResource    = schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}
	jobResource      = schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}
	sliceResource    = schema.GroupVersionResource{Group: "discovery.k8s.io", Version: "v1", Resource: "endpointslices"}
)
