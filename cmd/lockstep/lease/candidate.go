package lease

import (
	"context"
	"errors"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/tools/leaderelection"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

// DefaultDuration is for how long a lease is held without being renewed: with it a standby works within five seconds of the
// sudden end of the leader.
const DefaultDuration = 3 * time.Second

// MostDuration is the longest that a lease may be held for without being renewed. One that claims to be held for longer was edited
// by hand.
const MostDuration = time.Minute

// Candidate stands for one lease.
type Candidate struct {
	Leases                    coordinationv1client.LeasesGetter // of a client that no guard protects
	Guard                     *Guard
	Namespace, Name, Identity string
	Labels                    map[string]string
	Duration                  time.Duration // whole seconds, at most [MostDuration]; 0 for [DefaultDuration]
	Alone                     bool          // nobody else has ever stood for a lease of that name

	// May reports whether the lease is to be taken now. Nil for always.
	May func(ctx context.Context) bool
	// Work is done while the lease is held: its context ends when the lease does, or is to be let go of. The lease is held on to
	// until Work has returned, as far as that can be. What it writes with another context is refused, or done by another lease.
	Work func(ctx context.Context)
	// Held is told who holds the lease whenever that changes; empty for nobody. Nil for no one.
	Held func(identity string)
	// Told is told what became of each call for the lease, which is get, create or update, nil for one that went well.
	Told func(verb string, err error)

	reign metav1.Time // when the lease was taken last, or tried to be, by this process
}

// retry is how often the lease is renewed, and looked at.
func (c *Candidate) retry() time.Duration { return c.Duration * 2 / 15 }

// trust is for how long after a renewal was begun things are written. The rest of the duration, before another may take the
// lease, is for what the API server is busy with then.
func (c *Candidate) trust() time.Duration { return c.Duration * 2 / 3 }

// Run works whenever the lease is held, until ctx ends; then it is let go of.
func (c *Candidate) Run(ctx context.Context) error {
	if c.Duration == 0 {
		c.Duration = DefaultDuration
	}
	if c.May == nil {
		c.May = func(context.Context) bool { return true }
	}
	if c.Held == nil {
		c.Held = func(string) {}
	}
	for ctx.Err() == nil {
		if err := c.stand(ctx); err != nil {
			return fmt.Errorf("lease %s/%s: %w", c.Namespace, c.Name, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(c.retry()):
		}
	}
	return nil
}

// stand waits for the lease and works for as long as it is held.
func (c *Candidate) stand(ctx context.Context) error {
	term, err := c.Guard.begin(ctx, c.Name)
	if err != nil {
		return err
	}
	defer c.Guard.forget(term)
	defer term.end()
	won := make(chan struct{})
	elector, err := c.elector(term, func(context.Context) { close(won) })
	if err != nil {
		return err
	}
	electing, resign := context.WithCancel(context.WithoutCancel(ctx))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		elector.Run(electing)
	}()
	select {
	case <-ctx.Done():
	case <-won:
		c.work(ctx, term, ended)
	}
	term.end() // before the lease is let go of
	resign()
	<-ended
	return nil
}

// work works until ctx ends, or the lease.
func (c *Candidate) work(ctx context.Context, term *Term, ended <-chan struct{}) {
	working, stop := context.WithCancel(term.ctx)
	defer stop()
	worked := make(chan struct{})
	go func() {
		defer close(worked)
		c.Work(working)
	}()
	select {
	case <-ctx.Done():
	case <-worked:
	case <-term.ctx.Done():
	case <-ended:
		term.end()
	}
	stop()
	<-worked
}

func (c *Candidate) elector(term *Term, won func(context.Context)) (*leaderelection.LeaderElector, error) {
	return leaderelection.NewLeaderElector(leaderelection.LeaderElectionConfig{
		Name: c.Name, LeaseDuration: c.Duration, RenewDeadline: c.trust(), RetryPeriod: c.retry(), ReleaseOnCancel: true,
		Lock:      c.lock(term),
		Callbacks: leaderelection.LeaderCallbacks{OnStartedLeading: won, OnStoppedLeading: func() {}},
	})
}

// lock is the Lease, for one term.
func (c *Candidate) lock(term *Term) *lock {
	return &lock{of: c, term: term, LeaseLock: &resourcelock.LeaseLock{
		LeaseMeta: metav1.ObjectMeta{Namespace: c.Namespace, Name: c.Name}, Client: c.Leases, Labels: c.Labels,
		LockConfig: resourcelock.ResourceLockConfig{Identity: c.Identity},
	}}
}

// told passes on what is more than that another was faster, or that it is not wanted any more.
func (c *Candidate) told(verb string, err error) {
	if !apierrors.IsConflict(err) && !apierrors.IsAlreadyExists(err) && !errors.Is(err, context.Canceled) {
		c.Told(verb, err)
	}
}
