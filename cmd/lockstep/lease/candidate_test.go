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
	"k8s.io/apimachinery/pkg/types"
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
	works   chan context.Context
	holders chan string // who has the lease
	let     chan struct{}
	end     func() // ends it, and does not wait
	ended   chan struct{}
}

func stand(t *testing.T, config *rest.Config, namespace, identity string) *candidate {
	t.Helper()
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	guard := NewGuard()
	guard.Protect(rest.CopyConfig(config))
	c := &candidate{works: make(chan context.Context, 10), holders: make(chan string, 10), let: make(chan struct{}), ended: make(chan struct{})}
	c.Candidate = &Candidate{
		Leases: leases, Guard: guard, Namespace: namespace, Name: "lease", Identity: identity, Told: func(string, error) {},
		Alone: identity == "first", // of all, which has nobody to wait for
		Held:  func(holder string) { c.holders <- holder },
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

// seat is a namespace with a Lease, and clients of it.
type seat struct {
	*testing.T
	guard  *Guard
	leases coordinationv1client.LeaseInterface
	all    coordinationv1client.LeasesGetter
	in     string
}

func newSeat(t *testing.T) *seat {
	t.Helper()
	config, namespace := clustertest.Config(t), clustertest.Namespace(t)
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	s := &seat{T: t, guard: NewGuard(), leases: leases.Leases(namespace), all: leases, in: namespace}
	s.guard.Protect(config)
	return s
}

// process is one that may stand for the Lease, at any time.
func (s *seat) process(identity string) *Candidate {
	return &Candidate{
		Leases: s.all, Guard: s.guard, Namespace: s.in, Name: "lease", Identity: identity, Duration: DefaultDuration, Alone: true,
		May: func(context.Context) bool { return true }, Held: func(string) {}, Told: func(string, error) {},
	}
}

// stand begins a term of a process.
func (s *seat) stand(process *Candidate) *lock {
	s.Helper()
	term, err := s.guard.begin(s.Context(), "lease")
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(term.end)
	return process.lock(term)
}

// record is what a holder writes; empty for one that lets go.
func record(holder string) resourcelock.LeaderElectionRecord {
	now := metav1.Now()
	return resourcelock.LeaderElectionRecord{HolderIdentity: holder, LeaseDurationSeconds: 3, AcquireTime: now, RenewTime: now}
}

// edit is what somebody does to the Lease by hand.
func (s *seat) edit(patch string) {
	s.Helper()
	if _, err := s.leases.Patch(s.Context(), "lease", types.MergePatchType, []byte(patch), metav1.PatchOptions{}); err != nil {
		s.Fatal(err)
	}
}

func TestOnesOwnLeaseIsLetGoOfAndNoOther(t *testing.T) {
	s := newSeat(t)
	first, second := s.stand(s.process("first")), s.stand(s.process("second"))
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

func TestATermEndsOnceTheLeaseIsSeenToBeAnothers(t *testing.T) {
	s := newSeat(t)
	first := s.stand(s.process("first"))
	if err := first.Create(t.Context(), record("first")); err != nil {
		t.Fatal(err)
	}
	s.edit(`{"spec":{"holderIdentity":"who?"}}`)
	if _, _, err := first.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	if first.term.holds() {
		t.Error("it goes on")
	}
}

func TestAProcessTakesAtOnceWhatItHadAndWhatWasLetGoOf(t *testing.T) {
	s := newSeat(t)
	first, second := s.process("first"), s.process("second")
	if err := s.stand(first).Create(t.Context(), record("first")); err != nil {
		t.Fatal(err)
	}
	first.Alone, second.Alone = false, false
	again := s.stand(first) // after a time in which it could not renew
	is, _, err := again.Get(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Update(t.Context(), *is); err != nil {
		t.Errorf("its own: %v", err)
	}
	let := record("")
	let.LeaseDurationSeconds = 1
	if err := again.Update(t.Context(), let); err != nil {
		t.Fatal(err)
	}
	next := s.stand(second)
	if _, _, err := next.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := next.Update(t.Context(), record("second")); err != nil {
		t.Errorf("what was let go of: %v", err)
	}
}

func TestEachRenewalIsSeenAndNoneLastsLongerThanAny(t *testing.T) {
	s := newSeat(t)
	if err := s.stand(s.process("first")).Create(t.Context(), record("first")); err != nil {
		t.Fatal(err)
	}
	standby := s.stand(s.process("second"))
	seen := map[string]bool{}
	for _, at := range []string{"10.000000", "10.000001", "10.999999"} {
		s.edit(`{"spec":{"renewTime":"2026-01-02T03:04:` + at + `Z","leaseDurationSeconds":2147483647}}`)
		is, text, err := standby.Get(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if seen[string(text)] {
			t.Errorf("the renewal at :%s is not seen: %s", at, text)
		}
		seen[string(text)] = true
		if lasts := time.Duration(is.LeaseDurationSeconds) * time.Second; lasts > MostDuration {
			t.Errorf("it lasts for %v", lasts)
		}
	}
}

func TestNobodyTakesALeaseThatWasEditedBeforeItsHolderHasStopped(t *testing.T) {
	for name, edit := range map[string]func(*seat){
		"deleted": func(s *seat) {
			if err := s.leases.Delete(s.Context(), "lease", metav1.DeleteOptions{}); err != nil {
				s.Fatal(err)
			}
		},
		"emptied":       func(s *seat) { s.edit(`{"spec":{"holderIdentity":""}}`) },
		"cleared":       func(s *seat) { s.edit(`{"spec":null}`) },
		"cut short":     func(s *seat) { s.edit(`{"spec":{"leaseDurationSeconds":1}}`) },
		"given away":    func(s *seat) { s.edit(`{"spec":{"holderIdentity":"second"}}`) },
		"given and cut": func(s *seat) { s.edit(`{"spec":{"holderIdentity":"second","acquireTime":null}}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSeat(t)
			config, link := clustertest.Proxy(t)
			first := stand(t, config, s.in, "first")
			close(first.let)
			t.Cleanup(first.finish)
			<-first.works
			second := stand(t, clustertest.Config(t), s.in, "second")
			close(second.let)
			t.Cleanup(second.finish)
			if holder := <-second.holders; holder != "first" {
				t.Errorf("the second sees that %q holds it", holder)
			}
			link.Cut() // else it would have its Lease back at once
			edit(s)
			<-second.works
			if held := first.Guard.Held(); len(held) != 0 {
				t.Errorf("the second works, and the first still writes: %v", held)
			}
			link.Restore()
		})
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
