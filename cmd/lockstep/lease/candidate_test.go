package lease

import (
	"context"
	"errors"
	"os"
	stdsync "sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/leaderelection/resourcelock"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

func TestMain(m *testing.M) { os.Exit(clustertest.Main(m)) }

// candidate is one whose work is told by a channel, and lasts until its context has ended and let is closed.
type candidate struct {
	*Candidate
	works chan context.Context
	let   chan struct{}
	end   func() // ends it, and does not wait
	ended chan struct{}
}

func stand(t *testing.T, config *rest.Config, namespace, identity string) *candidate {
	t.Helper()
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	guard := NewGuard()
	guard.Protect(rest.CopyConfig(config))
	c := &candidate{works: make(chan context.Context, 10), let: make(chan struct{}), ended: make(chan struct{})}
	c.Candidate = &Candidate{
		Leases: leases, Guard: guard, Namespace: namespace, Name: "lease", Identity: identity, Told: func(error) {},
		Work: func(ctx context.Context) {
			c.works <- ctx
			<-ctx.Done()
			<-c.let
		},
	}
	ctx, end := context.WithCancel(t.Context())
	c.end = end
	go func() {
		defer close(c.ended)
		if err := c.Run(ctx); err != nil {
			t.Error(err)
		}
	}()
	return c
}

// finish ends the candidate and returns when it has ended.
func (c *candidate) finish() {
	c.end()
	<-c.ended
}

func TestALeaseIsLetGoOfOnceTheWorkHasEnded(t *testing.T) {
	config, namespace := clustertest.Config(t), clustertest.Namespace(t)
	first := stand(t, config, namespace, "first")
	t.Cleanup(first.finish)
	let := stdsync.OnceFunc(func() { close(first.let) })
	t.Cleanup(let) // before the end, which waits for it
	working := <-first.works
	second := stand(t, config, namespace, "second")
	close(second.let)
	t.Cleanup(second.finish)
	first.end()
	<-working.Done()
	if held := first.Guard.Held(); len(held) != 1 {
		t.Errorf("held while the work goes on: %v", held)
	}
	select {
	case <-second.works:
		t.Error("the second works while the first still does")
	default:
	}
	let()
	<-second.works
	if held := first.Guard.Held(); len(held) != 0 {
		t.Errorf("held after the lease is another's: %v", held)
	}
}

func TestWorkEndsWhenTheLeaseCannotBeRenewedAndBeginsAnew(t *testing.T) {
	config, link := clustertest.Proxy(t)
	c := stand(t, config, clustertest.Namespace(t), "one")
	close(c.let)
	t.Cleanup(c.finish)
	working := <-c.works
	link.Cut()
	<-working.Done()
	if held := c.Guard.Held(); len(held) != 0 {
		t.Errorf("held without a renewal: %v", held)
	}
	link.Restore()
	if again := <-c.works; termOf(again) == termOf(working) {
		t.Error("a term that was over has begun again")
	}
}

func TestOnesOwnLeaseIsLetGoOfAndNoOther(t *testing.T) {
	config, namespace := clustertest.Config(t), clustertest.Namespace(t)
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	guard := NewGuard()
	guard.Protect(config)
	lockOf := func(identity string) *lock {
		term, err := guard.begin(t.Context(), "lease")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(term.end)
		return &lock{
			LeaseLock: &resourcelock.LeaseLock{
				LeaseMeta: metav1.ObjectMeta{Namespace: namespace, Name: "lease"}, Client: leases,
				LockConfig: resourcelock.ResourceLockConfig{Identity: identity},
			},
			term: term, lasts: DefaultDuration, may: func(context.Context) bool { return true }, told: func(error) {},
		}
	}
	record := func(holder string) resourcelock.LeaderElectionRecord {
		return resourcelock.LeaderElectionRecord{HolderIdentity: holder, LeaseDurationSeconds: 3}
	}
	first, second := lockOf("first"), lockOf("second")
	if err := first.Create(t.Context(), record("first")); err != nil {
		t.Fatal(err)
	}
	if _, _, err := second.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := second.Update(t.Context(), record("second")); err != nil {
		t.Fatal(err)
	}
	// The elector reads before it lets go, and goes by what it knew before.
	if _, _, err := first.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := first.Update(t.Context(), record("")); !errors.Is(err, errNotHeld) {
		t.Errorf("the first lets go of the second's lease: %v", err)
	}
	if is, _, err := second.Get(t.Context()); err != nil || is.HolderIdentity != "second" {
		t.Errorf("the lease is of %v, %v", is, err)
	}
	if err := second.Update(t.Context(), record("")); err != nil {
		t.Errorf("the second lets go of its own: %v", err)
	}
	if second.term.holds() {
		t.Error("the term goes on after the lease was let go of")
	}
}

func TestAProtectedClientWritesToAClusterWithinItsTermAlone(t *testing.T) {
	config, namespace := clustertest.Config(t), clustertest.Namespace(t)
	guard := NewGuard()
	guard.Protect(config)
	c, err := corev1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}}
	}
	settings := c.ConfigMaps(namespace)
	if _, err := settings.Create(t.Context(), named("early"), metav1.CreateOptions{}); !errors.Is(err, ErrOver) {
		t.Errorf("before the term: %v", err)
	}
	term, err := guard.begin(t.Context(), "lease")
	if err != nil {
		t.Fatal(err)
	}
	term.extend(time.Now(), time.Hour)
	if _, err := settings.Create(term.ctx, named("within"), metav1.CreateOptions{}); err != nil {
		t.Errorf("within the term: %v", err)
	}
	asleep(term)
	if _, err := settings.Create(term.ctx, named("frozen"), metav1.CreateOptions{}); !errors.Is(err, ErrOver) {
		t.Errorf("after it, in a process that has just woken up: %v", err)
	}
	term.end()
	if _, err := settings.Create(context.WithoutCancel(term.ctx), named("late"), metav1.CreateOptions{}); !errors.Is(err, ErrOver) {
		t.Errorf("after it: %v", err)
	}
	list, err := settings.List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, item := range list.Items {
		if item.Name != "within" && item.Name != "kube-root-ca.crt" {
			t.Errorf("%s was made", item.Name)
		}
	}
}
