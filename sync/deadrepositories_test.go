package sync_test

import (
	"context"
	"fmt"
	"io"
	"net"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

// deadServer accepts and never answers.
type deadServer struct {
	url      string
	accepted atomic.Int64
}

func newDeadServer(t testing.TB) *deadServer {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &deadServer{url: "http://" + listener.Addr().String()}
	var serving stdsync.WaitGroup
	serving.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			s.accepted.Add(1)
			serving.Go(func() {
				_, _ = io.Copy(io.Discard, conn) // until the other end hangs up
				_ = conn.Close()
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		serving.Wait()
	})
	return s
}

// repositories are the feeds of n repositories on the server, by their names. A fetch of one takes an hour to fail.
func (s *deadServer) repositories(t testing.TB, n int) map[string]*sync.Feed {
	t.Helper()
	feeds := map[string]*sync.Feed{}
	for i := range n {
		name := fmt.Sprintf("dead-%d", i)
		repository, err := git.Open(git.Options{URL: s.url + "/" + name, Dir: t.TempDir(), Timeout: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = repository.Close() })
		feeds[name] = sync.NewFeed(repository, time.Second)
	}
	return feeds
}

func TestADeadRepositoryHoldsNoWorkerOfOthers(t *testing.T) {
	const dead = 20
	s, server := newFleetStage(t), newDeadServer(t) // two workers
	s.others = server.repositories(t, dead)
	for name := range s.others {
		app := s.named(name)
		app.Feed, app.Repository = name, server.url+"/"+name
		s.apps = append(s.apps, app)
	}
	s.folder("works")
	hash := s.commit()
	s.run()
	asked := func(context.Context) (bool, string) {
		return server.accepted.Load() == dead && len(s.store.Apps()) >= dead, fmt.Sprint(server.accepted.Load())
	}
	clustertest.Eventually(s, "all of them to be asked", asked)

	waiting, works := s.apps, s.named("works")
	s.apps = append([]sync.App{works}, waiting...)
	s.tell()
	s.until(works, "to serve while the others' server says nothing", healthyAt(hash))
	for _, app := range waiting {
		if is, _ := s.store.App(app.Name); is.State != sync.Pending {
			t.Errorf("%s waits no more, and so proves nothing: %s", app.Name, describe(is))
		}
	}

	s.apps = []sync.App{works} // the others are retired, for which their newest commit is asked for
	s.tell()
	s.repo.Write("apps/works/more.yaml", settings(1))
	s.until(works, "to go on while the others leave", healthyAt(s.commit()))
}

func TestAnAppAndItsRepositoryLeaveTogether(t *testing.T) {
	s := newFleetStage(t)
	s.apps = []sync.App{s.named("a")}
	s.folder("a")
	s.commit()
	s.run()
	s.live(1, "a")
	s.apps, s.without = nil, true
	s.tell()
	clustertest.Eventually(s, "what it has applied to go", func(ctx context.Context) (bool, string) {
		var list corev1.ConfigMapList
		err := s.client.List(ctx, &list, client.InNamespace(s.namespace), client.HasLabels{"lockstep.dev/app"})
		return err == nil && len(list.Items) == 0 && len(s.store.Apps()) == 0, fmt.Sprint(len(list.Items), len(s.store.Apps()), err)
	})
}
