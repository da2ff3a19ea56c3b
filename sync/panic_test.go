package sync_test

import (
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestAPanicFailsOneAppAndNoOther(t *testing.T) {
	s := newFleetStage(t)
	odd, others := s.named("a"), []sync.App{s.named("b"), s.named("c"), s.named("d")}
	s.apps = append(others, odd)
	var broken atomic.Bool
	broken.Store(true)
	s.beforePlans(func(app string) {
		if app == odd.Name && broken.Load() {
			panic("index out of range")
		}
	})
	s.folder("a", "b", "c", "d")
	hash := s.commit()
	s.run()
	failed := s.until(odd, "to have failed", func(app status.App) bool { return app.State == sync.Failed })
	for _, want := range []string{"panic: index out of range", "please report"} {
		if !strings.Contains(failed.Message, want) {
			t.Errorf("the status says %q, want %q in it", failed.Message, want)
		}
	}
	for _, app := range others {
		s.until(app, "to be healthy", healthyAt(hash))
	}

	// The pool has two turns: panics that kept theirs would have used them up by now.
	for _, name := range []string{"b", "c", "d"} {
		s.repo.Write("apps/"+name+"/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more-"+name+"}\n")
	}
	hash = s.commit()
	for _, app := range others {
		s.until(app, "to go on", healthyAt(hash))
	}
	s.until(odd, "to be still failed", func(app status.App) bool { return app.State == sync.Failed })

	broken.Store(false)
	s.at(s.commit(), 4)
}

func TestAPanicWhileAnAppLeavesIsTriedAgain(t *testing.T) {
	s := newFleetStage(t)
	leaving := s.named("a")
	s.apps = []sync.App{leaving, s.named("b")}
	var broken atomic.Bool
	s.beforePlans(func(app string) {
		if app == leaving.Name && broken.Load() {
			panic("index out of range")
		}
	})
	s.folder("a", "b")
	s.commit()
	s.run()
	s.live(2, "a", "b")
	broken.Store(true)
	s.apps = s.apps[1:]
	s.tell()
	s.until(leaving, "to have failed", func(app status.App) bool {
		return app.State == sync.Failed && strings.Contains(app.Message, "panic: index out of range")
	})
	broken.Store(false)
	s.live(1, "b")
}
