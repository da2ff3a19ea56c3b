package sync_test

import (
	"fmt"
	stdsync "sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/sync"
)

func TestManyCommitsInARowAreFewPasses(t *testing.T) {
	const commits = 50
	s := newFleetStage(t)
	app := s.named("web")
	s.apps = []sync.App{app}
	s.folder("web")
	first := s.commit()
	var armed atomic.Bool
	var passes atomic.Int64
	entered, release := make(chan struct{}), make(chan struct{})
	enter := stdsync.OnceFunc(func() { close(entered) })
	s.beforePlans(func(string) {
		if armed.Load() {
			passes.Add(1)
			enter()
			<-release
		}
	})
	let := stdsync.OnceFunc(func() { close(release) })

	s.run()
	s.Cleanup(let) // before the daemon is ended, which waits for the pass
	s.at(first, 1)

	armed.Store(true)
	var head string
	for i := range commits {
		s.repo.Write("apps/web/settings.yaml", fmt.Sprintf("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: web}\ndata: {number: \"%d\"}\n", i))
		head = s.commit()
		if i == 0 {
			<-entered // the pass of the first is under way while the others come in
		}
	}
	let()
	s.at(head, 1)
	if got := passes.Load(); got < 2 || got > 5 {
		t.Errorf("%d passes for %d commits, want one for the first and one or few for the rest", got, commits)
	}
	if n := s.setting("web", "number"); n != fmt.Sprint(commits-1) {
		t.Errorf("the object is of commit %s, want the last, %d", n, commits-1)
	}
}

// setting returns a value of a ConfigMap.
func (s *fleetStage) setting(name, key string) string {
	s.Helper()
	var found corev1.ConfigMap
	if err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, &found); err != nil {
		s.Fatal(err)
	}
	return found.Data[key]
}
