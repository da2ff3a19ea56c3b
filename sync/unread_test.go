package sync_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// twice is an app that was healthy at a commit with one pod, and then at one with three.
func twice(t *testing.T) (s *stage, first, second string) {
	t.Helper()
	s = newStage(t, options{}, web(t, 1)...)
	first = s.commit()
	s.pass()
	second = s.commit("web-deployment.yaml", deployment(t, 3))
	s.pass()
	return s, first, second
}

// isBackOn wants an order to have led to the state of a commit, of one pod.
func (s *stage) isBackOn(is ended, hash string) {
	s.Helper()
	if is.err != nil || is.outcome.State != sync.RolledBack || is.outcome.Back == nil || is.outcome.Back.To.Hash != hash {
		s.Fatalf("answered %s, %v, back %+v", is.outcome.State, is.err, is.outcome.Back)
	}
	if n := *s.deployment().Spec.Replicas; n != 1 {
		s.Errorf("%d replicas", n)
	}
}

// loseObjects takes the repository's objects away, and returns how to bring them back.
func (s *stage) loseObjects() (back func()) {
	s.Helper()
	was := filepath.Join(s.repo.Dir, ".git", "objects")
	moved := filepath.Join(s.TempDir(), "objects")
	move := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			s.Fatal(err)
		}
	}
	move(was, moved)
	return func() { move(moved, was) }
}

func TestGoingBackByHandNeedsNoFilesOfTheRepository(t *testing.T) {
	s, first, second := twice(t)
	snapshot, err := s.loop.Reconciler.Source.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.anew()
	bring := s.loseObjects()
	s.loop.Reconciler.Source = known{snapshot}
	s.isBackOn(s.goesBack(""), first)
	s.edit(s.service(), `{"spec":{"selector":{"app":"theirs"}}}`)
	clustertest.Eventually(t, "the drift to be seen", func(ctx context.Context) (bool, string) {
		return s.loop.Reconciler.HasDrifted(ctx), ""
	})
	_, err = s.loop.Reconciler.Reconcile(t.Context())
	if err == nil || s.service().Spec.Selector["app"] != "web" {
		t.Errorf("drift: %v, selector %v", err, s.service().Spec.Selector)
	}
	if app := s.app(); app.Back == nil || app.Back.To.Hash != first || app.State != sync.Failed {
		t.Errorf("%s", describe(app))
	}
	bring()
	s.anew()
	if outcome := s.pass(); outcome.State != sync.RolledBack || outcome.Back.From.Hash != second || *s.deployment().Spec.Replicas != 1 {
		t.Errorf("with the same commit again: %s, %+v", outcome.State, outcome.Back)
	}
	s.commit("README", "of no object\n")
	if outcome := s.pass(); outcome.State != sync.RolledBack {
		t.Errorf("a commit with the same objects: %s", outcome.State)
	}
	third := s.commit("web-deployment.yaml", deployment(t, 2))
	if outcome := s.pass(); outcome.State != sync.Healthy || outcome.Revision.Hash != third {
		t.Errorf("another commit: %s", outcome.State)
	}
}

// known is a source whose newest commit is known, and that cannot be asked any more.
type known struct{ snapshot git.Snapshot }

func (k known) Fetch(context.Context) (git.Snapshot, error) { return k.snapshot, git.ErrUnavailable }

func TestGoingBackByHandNeedsNoCommitAtAll(t *testing.T) {
	s, first, _ := twice(t)
	s.anew()
	s.loop.Reconciler.Source = gone{}
	s.isBackOn(s.goesBack(""), first)
	if is := s.goesBack(first[:8]); is.err != nil || is.outcome.State != sync.RolledBack {
		t.Errorf("where it is already: %s, %v", is.outcome.State, is.err)
	}
	if is := s.goesBack("abcdef"); is.err == nil || !strings.Contains(is.err.Error(), `no healthy state of "abcdef" is kept`) {
		t.Errorf("to nowhere: %v", is.err)
	}
}

func TestGoingBackByHandFromACommitThatIsRefused(t *testing.T) {
	s, first, _ := twice(t)
	broken := s.commit("web-service.yaml", "kind: Service\n")
	s.isBackOn(s.goesBack(""), first)
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err == nil || !strings.Contains(err.Error(), "web-service.yaml") {
		t.Errorf("what is wrong with %s is not told: %v", broken, err)
	}
	third := s.commit("web-service.yaml", example(t, "web-service.yaml"))
	if outcome := s.pass(); outcome.State != sync.Healthy || outcome.Revision.Hash != third || *s.deployment().Spec.Replicas != 3 {
		t.Errorf("the commit that mends it: %s", outcome.State)
	}
}

func TestAnAppIsSuspendedAndResumedWithoutItsRepository(t *testing.T) {
	s, _, second := twice(t)
	s.anew()
	source := s.loop.Reconciler.Source
	s.loop.Reconciler.Source = gone{}
	ask := func(verb sync.Verb) (is ended) {
		s.loop.Reconciler.Order(t.Context(), sync.Order{App: s.name, Verb: verb, Done: answer(&is)})
		_, _ = s.loop.Reconciler.Reconcile(t.Context()) // the order's Done is told
		return is
	}
	if is := ask(sync.OrderSuspend); is.err != nil || is.outcome.State != sync.Suspended || !s.stored().Suspended {
		t.Errorf("suspended: %s, %v", is.outcome.State, is.err)
	}
	if is := ask(sync.OrderResume); is.err == nil || !strings.Contains(is.err.Error(), "the repository is away") || s.stored().Suspended {
		t.Errorf("resumed: %s, %v", is.outcome.State, is.err)
	}
	s.loop.Reconciler.Source = source
	if outcome := s.pass(); outcome.State != sync.Healthy || outcome.Revision.Hash != second {
		t.Errorf("with the repository: %s", outcome.State)
	}
}
