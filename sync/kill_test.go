package sync_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	stdsync "sync"
	"testing"

	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
)

var errKilled = errors.New("killed")

// killer ends a daemon at one of its writes: nothing that it does afterwards reaches the API server, as after SIGKILL.
type killer struct {
	kill func()
	at   int  // which write, from 0 on
	late bool // it reaches the API server, and the daemon does not learn of that

	mu     stdsync.Mutex
	writes int
}

// next says whether the write that is about to be made is the last, and whether it is still made.
func (k *killer) next() (last, made bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := k.writes
	k.writes++
	return n >= k.at, n < k.at || n == k.at && k.late
}

func (k *killer) do(write func() error) error {
	last, made := k.next()
	var err error
	if made {
		err = write()
	}
	if last {
		k.kill()
		return errKilled
	}
	return err
}

func (k *killer) wrap(c client.WithWatch) client.WithWatch {
	return interceptor.NewClient(c, interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.CreateOption) error {
			return k.do(func() error { return c.Create(ctx, o, options...) })
		},
		Update: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.UpdateOption) error {
			return k.do(func() error { return c.Update(ctx, o, options...) })
		},
		Patch: func(ctx context.Context, c client.WithWatch, o client.Object, p client.Patch, options ...client.PatchOption) error {
			return k.do(func() error { return c.Patch(ctx, o, p, options...) })
		},
		Delete: func(ctx context.Context, c client.WithWatch, o client.Object, options ...client.DeleteOption) error {
			return k.do(func() error { return c.Delete(ctx, o, options...) })
		},
		Apply: func(ctx context.Context, c client.WithWatch, o runtime.ApplyConfiguration, options ...client.ApplyOption) error {
			return k.do(func() error { return c.Apply(ctx, o, options...) })
		},
	})
}

func TestADaemonThatIsKilledAtAnyWriteIsCompletedByTheNext(t *testing.T) {
	clustertest.Config(t) // skips here, not in each of the tests below
	for _, late := range []bool{false, true} {
		for at, ended := 0, false; !ended; at++ {
			if at > 50 {
				t.Fatal("a pass of more than 50 writes")
			}
			t.Run(fmt.Sprintf("write %d, late %t", at, late), func(t *testing.T) { ended = killAndComplete(t, at, late) })
		}
	}
}

// killAndComplete brings one commit live, kills the daemon in the middle of the next, and lets another daemon go on. It
// returns whether the pass had ended before the kill.
func killAndComplete(t *testing.T, at int, late bool) (ended bool) {
	t.Helper()
	s := newStage(t, options{}, "a.yaml", settings(3))
	s.commit()
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.write("a.yaml", settings(2), "web-deployment.yaml", deployment(t, 2))
	s.commit("b.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: new}\n")
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	k := &killer{kill: kill, at: at, late: late}
	o := s.options
	o.wrap = k.wrap
	_, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(ctx)
	ended = err == nil
	if _, err := s.wire(s.loop.Reconciler.App, s.options).Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatalf("the next daemon: %v", err)
	}
	want := []string{"new", "settings-0", "settings-1"}
	if live := s.configMaps(); !slices.Equal(live, want) {
		t.Errorf("live %v, want %v", live, want)
	}
	record, err := inventory.NewStore(s.client, s.namespace).Load(t.Context(), "web")
	if err != nil {
		t.Fatal(err)
	}
	names := []string{}
	for id := range maps.Keys(record.Entries) {
		names = append(names, id.Name)
	}
	slices.Sort(names)
	if want := append(want, "web-server"); !slices.Equal(names, want) {
		t.Errorf("on record %v, want %v", names, want)
	}
	return ended
}
