package sync_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// ended is how a pass ended that did an order.
type ended struct {
	outcome sync.Outcome
	err     error
}

// answer keeps how the pass ended.
func answer(is *ended) func(context.Context, sync.Outcome, error) {
	return func(_ context.Context, outcome sync.Outcome, err error) { *is = ended{outcome, err} }
}

// order has a pass do what is asked for, and returns how that pass ended.
func (s *stage) order(verb sync.Verb) ended {
	s.Helper()
	return s.ask(sync.Order{Verb: verb})
}

// orderTo is order of a rollback to a revision.
func (s *stage) orderTo(to string) ended {
	s.Helper()
	return s.ask(sync.Order{Verb: sync.OrderRollback, To: to})
}

func (s *stage) ask(order sync.Order) ended {
	s.Helper()
	done := make(chan ended, 1)
	order.App, order.Done = s.name, func(_ context.Context, outcome sync.Outcome, err error) { done <- ended{outcome, err} }
	s.orders <- order
	return <-done
}

// anew wires the app for a process that has just started.
func (s *stage) anew() {
	s.store = status.NewStore(s.loop.Reconciler.App)
	s.loop = s.wire(s.loop.Reconciler.App, s.options)
}

// pass makes one.
func (s *stage) pass() sync.Outcome {
	s.Helper()
	outcome, err := s.loop.Reconciler.Reconcile(s.Context())
	if err != nil {
		s.Fatal(err)
	}
	return outcome
}

// goesBack makes a pass with the order to go back to a revision, or to the last healthy one.
func (s *stage) goesBack(to string) ended {
	s.Helper()
	var is ended
	s.loop.Reconciler.Order(s.Context(), sync.Order{App: s.name, Verb: sync.OrderRollback, To: to, Done: answer(&is)})
	_, _ = s.loop.Reconciler.Reconcile(s.Context()) // the order's Done is told
	return is
}

// comesTo goes back to a revision, and wants the app to be in a state and of so many pods then.
func (s *stage) comesTo(to string, state sync.State, replicas int32) {
	s.Helper()
	is := s.goesBack(to)
	if is.err != nil || is.outcome.State != state || *s.deployment().Spec.Replicas != replicas {
		s.Errorf("to %s: %+v", to, is)
	}
}

func TestGoingBackByHandLastsUntilAnotherCommit(t *testing.T) {
	s := newStage(t, options{}, append(web(t, 1), "a.yaml", settings(2))...)
	first := s.commit()
	s.pass()
	s.repo.Git("rm", "-q", "manifests/a.yaml")
	second := s.commit("web-deployment.yaml", deployment(t, 2), "b.yaml", strings.ReplaceAll(settings(1), "settings-", "new-"))
	s.pass()
	if is := s.goesBack(""); is.err != nil || is.outcome.State != sync.RolledBack || is.outcome.Back.To.Hash != first {
		t.Fatalf("%+v", is)
	}
	if live := strings.Join(s.configMaps(), " "); live != "settings-0 settings-1" || *s.deployment().Spec.Replicas != 1 {
		t.Errorf("pruned objects come back, new ones go: live are %s", live)
	}
	s.anew()
	if outcome := s.pass(); outcome.State != sync.RolledBack || *s.deployment().Spec.Replicas != 1 {
		t.Errorf("the next process: %s", outcome.State)
	}
	s.comesTo(second[:8], sync.Healthy, 2)
	s.comesTo(first[:8], sync.RolledBack, 1)
	s.commit("README", "of no object\n")
	if outcome := s.pass(); outcome.State != sync.RolledBack {
		t.Errorf("a commit with the same objects: %s", outcome.State)
	}
	third := s.commit("web-deployment.yaml", deployment(t, 3))
	if outcome := s.pass(); outcome.State != sync.Healthy || outcome.Revision.Hash != third || *s.deployment().Spec.Replicas != 3 {
		t.Errorf("another commit: %s", outcome.State)
	}
	if is := s.goesBack("abcdef"); is.err == nil || !strings.Contains(is.err.Error(), `no healthy state of "abcdef" is kept; those that are: main@sha1:`+third[:7]) {
		t.Errorf("to nowhere: %v", is.err)
	}
}

// TestAfterGoingBackByHandABadCommitLeadsThere is about which state is the last healthy one: not the one that somebody went
// back from.
func TestAfterGoingBackByHandABadCommitLeadsThere(t *testing.T) {
	s := newStage(t, rollsBack(), web(t, 1)...)
	first := s.commit()
	s.pass()
	s.commit("web-deployment.yaml", deployment(t, 2))
	s.pass()
	if is := s.goesBack(""); is.outcome.State != sync.RolledBack {
		t.Fatalf("%+v", is)
	}
	s.commit("web-service.yaml", deaf(t))
	outcome, err := s.loop.Reconciler.Reconcile(t.Context())
	if _, is := errors.AsType[*sync.RolledBackError](err); !is || outcome.Back.To.Hash != first || *s.deployment().Spec.Replicas != 1 {
		t.Errorf("%v, %+v", err, outcome.Back)
	}
}

func TestARejectedCommitIsTriedAgainOnDemandAlone(t *testing.T) {
	service := &applies{name: "web-service"}
	o := rollsBack()
	o.wrap = service.wrap
	s := newStage(t, o, web(t, 1)...)
	good := s.commit()
	s.start()
	s.serves(good, 1)
	bad := s.commit("web-service.yaml", deaf(t))
	s.backOn(good, bad)
	for _, text := range []string{"of no object", "of none either"} {
		s.repo.Write("README", text)
		s.backOn(good, s.commit())
	}
	if n := service.n.Load(); n != 3 {
		t.Errorf("the Service was applied %d times", n)
	}
	is := s.order(sync.OrderSync)
	if _, again := errors.AsType[*sync.RolledBackError](is.err); !again || service.n.Load() != 5 {
		t.Errorf("on demand: %v, applied %d times", is.err, service.n.Load())
	}
}

// away is a source that cannot be asked any more; what it has given last is known.
type away struct{ sync.Source }

func (a away) Fetch(ctx context.Context) (git.Snapshot, error) {
	snapshot, _ := a.Source.Fetch(ctx)
	return snapshot, git.ErrUnavailable
}

func TestGoingBackByHandIsDoneWhileTheRepositoryIsAway(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	r := s.loop.Reconciler
	first := s.commit()
	s.pass()
	s.commit("web-deployment.yaml", deployment(t, 3))
	s.pass()
	r.Source = away{r.Source}
	var is ended
	r.Order(t.Context(), sync.Order{App: s.name, Verb: sync.OrderRollback, Done: answer(&is)})
	if _, err := r.Reconcile(t.Context()); !errors.Is(err, git.ErrUnavailable) {
		t.Errorf("the outage is not told: %v", err)
	}
	if is.err != nil || is.outcome.State != sync.RolledBack || is.outcome.Back == nil || is.outcome.Back.To.Hash != first || !is.outcome.Back.Done {
		t.Errorf("answered %+v", is)
	}
	if n := *s.deployment().Spec.Replicas; n != 1 {
		t.Errorf("%d replicas", n)
	}
}

func TestASuspendedAppIsLeftAsItIsUntilItIsResumed(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	end := s.start()
	s.serves(first, 1)
	if is := s.order(sync.OrderSuspend); is.err != nil || is.outcome.State != sync.Suspended {
		t.Fatalf("%+v", is)
	}
	s.waitFor("it to be shown", func(app status.App) bool { return app.State == sync.Suspended })
	s.edit(s.service(), `{"spec":{"selector":{"app":"theirs"}}}`)
	second := s.commit("web-deployment.yaml", deployment(t, 2))
	s.waitFor("the commit to be seen", func(app status.App) bool {
		return app.State == sync.Suspended && app.Revision.Seen.Hash == second
	})
	end()
	s.anew()
	s.start()
	s.waitFor("the next process to leave it as well", func(app status.App) bool { return app.State == sync.Suspended })
	if is := s.order(sync.OrderSync); is.err == nil || !strings.Contains(is.err.Error(), "resume it first") {
		t.Errorf("sync: %v", is.err)
	}
	if *s.deployment().Spec.Replicas != 1 || s.service().Spec.Selector["app"] != "theirs" {
		t.Error("something was written")
	}
	if is := s.order(sync.OrderResume); is.err != nil {
		t.Fatal(is.err)
	}
	s.serves(second, 2)
}

func TestAnOrderEndsTheWaitOfTheGate(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	s.start()
	s.serves(first, 1)
	s.commit("web-deployment.yaml", huge(t, 1))
	s.waitFor("the gate to wait", func(app status.App) bool { return app.State == sync.Progressing && app.Reason == "Unschedulable" })
	if is := s.order(sync.OrderRollback); is.err != nil || is.outcome.State != sync.RolledBack || is.outcome.Back.To.Hash != first {
		t.Errorf("%+v", is)
	}
}

// reads counts how often the object called name is read.
type reads struct {
	name string
	n    atomic.Int32
}

func (r *reads) wrap(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, o client.Object, options ...client.GetOption) error {
			if key.Name == r.name {
				r.n.Add(1)
			}
			return c.Get(ctx, key, o, options...)
		},
	})
}

// onChange is told what becomes of each object.
type onChange func(text string)

func (o onChange) Observe(_ context.Context, event sync.Event) {
	if event.Change != nil {
		o(event.Change.String())
	}
}

func TestWhatWasAppliedIsKnownToTheNextProcess(t *testing.T) {
	reads := &reads{name: "web-server"}
	s := newStage(t, options{wrap: reads.wrap}, web(t, 1)...)
	s.commit()
	s.pass()
	s.anew()
	s.commit("web-deployment.yaml", deployment(t, 3))
	var change string
	s.loop.Reconciler.Observer = both{s.store, onChange(func(text string) { change += text })}
	reads.n.Store(0)
	s.pass()
	if !strings.Contains(change, "deployment.apps/web-server configured (replicas 1 → 3)") {
		t.Errorf("told: %s", change)
	}
	if n := reads.n.Load(); n != 0 {
		t.Errorf("the live object was read %d times to find that out", n)
	}
}

// TestAnOrderToAnAppThatIsNotKeptIsRefused is about who waits for the answer: there would be none for as long as he waits.
func TestAnOrderToAnAppThatIsNotKeptIsRefused(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.commit()
	s.start()
	done := make(chan error, 1)
	s.orders <- sync.Order{App: "nobody", Verb: sync.OrderSync, Done: func(_ context.Context, _ sync.Outcome, err error) { done <- err }}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "not kept in step") {
		t.Errorf("error: %v", err)
	}
}
