package sync_test

import (
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
)

func TestAFolderIsAnAppAsLongAsItIsThere(t *testing.T) {
	s := newFleetStage(t)
	s.sets = []sync.Set{s.perFolder(true)}
	s.folder("a", "b", "c")
	s.commit()
	s.run()
	s.live(3, "a", "b", "c")
	s.folder("d")
	s.commit()
	s.live(4, "a", "b", "c", "d")
	s.repo.Git("rm", "-rq", "apps/a")
	s.commit()
	s.live(3, "b", "c", "d")
}

func TestAFolderThatGoesKeepsItsObjectsWhereNothingIsPruned(t *testing.T) {
	s := newFleetStage(t)
	s.sets = []sync.Set{s.perFolder(false)}
	s.folder("a", "b", "c")
	s.commit()
	s.run()
	s.live(3, "a", "b", "c")
	s.repo.Git("rm", "-rq", "apps/a")
	s.commit()
	s.live(2, "a", "b", "c")
}

func TestAFolderThatLeftWhileNoDaemonRanIsPrunedByTheNext(t *testing.T) {
	s := newFleetStage(t)
	s.sets = []sync.Set{s.perFolder(true)}
	s.folder("a", "b", "c")
	s.commit()
	s.run()
	s.live(3, "a", "b", "c")
	s.end()
	s.repo.Git("rm", "-rq", "apps/a")
	s.commit()
	s.run()
	s.live(2, "b", "c")
}

func TestAnAppWhoseEntryIsBrokenStaysAsItIs(t *testing.T) {
	s := newFleetStage(t)
	a, b, c := s.named("a"), s.named("b"), s.named("c")
	s.apps = []sync.App{a, b, c}
	s.folder("a", "b", "c")
	s.commit()
	s.run()
	s.live(3, "a", "b", "c")
	s.apps, s.refuses = []sync.App{c}, func(name string) bool { return name == a.Name }
	s.tell()
	s.live(2, "a", "c")
}
