package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	coordinationv1client "k8s.io/client-go/kubernetes/typed/coordination/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/lease"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// replica is this daemon as one of several.
type replica struct {
	replicaFlags
	guard     *lease.Guard
	leases    coordinationv1client.LeasesGetter
	namespace string
	identity  string
	log       *zap.Logger
	ensure    func(ctx context.Context) error // the namespace of the leases
	requests  *inventory.Store                // what is asked of whoever keeps an app; no guard keeps from it
	warm      func() bool

	mu       stdsync.Mutex
	holders  map[string]string // by lease
	troubles map[string]string // what was logged last, by lease and verb
}

// replicate makes a daemon one of several, if the flags say so. What it needs to take a lease no guard keeps from it.
func (f *runFlags) replicate(d *daemon) error {
	if !f.elect {
		return nil
	}
	config := f.impatient(f.guard.Unprotected())
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client for leases: %w", err)
	}
	c, err := client.New(config, client.Options{Scheme: d.client.Scheme(), Mapper: d.client.RESTMapper()})
	if err != nil {
		return fmt.Errorf("make a client for leases: %w", err)
	}
	d.replica = &replica{
		replicaFlags: f.replicaFlags, guard: f.guard, leases: leases, namespace: d.namespace, identity: identity(), log: d.log,
		ensure: inventory.NewStore(c, d.namespace).Ensure, requests: inventory.NewStore(c, d.namespace),
		holders: map[string]string{}, troubles: map[string]string{},
	}
	d.signals.metrics.Leads(d.replica.leading)
	d.signals.notifier.SetKeeps(d.replica.keeps)
	d.store.Clear()
	return nil
}

// impatient has a call for a lease end while there is time for another.
func (f *replicaFlags) impatient(config *rest.Config) *rest.Config {
	config = rest.CopyConfig(config)
	config.Timeout, config.QPS = f.duration/3, -1
	return config
}

// work keeps the apps that owns names in step until ctx ends.
type work func(ctx context.Context, owns func(app string) bool)

// run keeps apps in step whenever a lease is held, until ctx ends.
func (r *replica) run(ctx context.Context, work work) error {
	r.prepare(ctx)
	group, ctx := errgroup.WithContext(ctx)
	crew := newCrew(r)
	for _, candidate := range r.candidates(crew, work) {
		group.Go(func() error { return candidate.Run(ctx) })
	}
	if r.shards > 1 {
		group.Go(func() error { return crew.run(ctx) })
	}
	return group.Wait()
}

// candidates stand for the one Lease of all apps, or for that of each shard, and for the one that says that this replica is there.
func (r *replica) candidates(crew *crew, work work) []*lease.Candidate {
	if r.shards == 1 {
		all := r.candidate(r.lease, func(ctx context.Context) {
			if crew.agrees(ctx) { // asked again: one that came at the same moment has seen this lease, or is seen now
				work(ctx, func(string) bool { return true })
			}
		})
		all.May = crew.agrees
		return []*lease.Candidate{all}
	}
	candidates := []*lease.Candidate{r.presence()}
	for shard, name := range r.names() {
		c := r.candidate(name, func(ctx context.Context) {
			ctx, done := crew.hold(ctx, shard)
			defer done()
			if !crew.agrees(ctx) {
				return
			}
			work(ctx, func(app string) bool { return shardOf(app, r.shards) == shard })
		})
		c.May = func(context.Context) bool { return crew.may(shard) }
		candidates = append(candidates, c)
	}
	return candidates
}

// presence stands for the Lease that says that this replica is there. It allows no write, and so has a guard of its own.
func (r *replica) presence() *lease.Candidate {
	_, unique, _ := strings.Cut(r.identity, "_")
	c := r.candidate(r.lease+"-replica-"+unique, nil)
	c.Guard = lease.NewGuard()
	c.Guard.Protect(r.guard.Unprotected())
	c.Labels[memberLabel] = "true"
	c.Held, c.Alone = nil, true
	c.Work = func(ctx context.Context) { <-ctx.Done() }
	return c
}

// prepare returns once there is a namespace for the leases, or ctx has ended.
func (r *replica) prepare(ctx context.Context) {
	for ctx.Err() == nil {
		err := r.ensure(ctx)
		if r.told("", "prepare", err); err == nil {
			return
		}
		select {
		case <-ctx.Done():
		case <-time.After(r.duration):
		}
	}
}

// candidate stands for one of the leases.
func (r *replica) candidate(name string, work func(ctx context.Context)) *lease.Candidate {
	return &lease.Candidate{
		Leases: r.leases, Guard: r.guard, Namespace: r.namespace, Name: name, Identity: r.identity, Duration: r.duration,
		Labels: map[string]string{leaseLabel: r.lease, shardsLabel: strconv.Itoa(r.shards)},
		Held:   func(holder string) { r.held(name, holder) },
		Told:   func(verb string, err error) { r.told(name, verb, err) },
		Work: func(ctx context.Context) {
			r.log.Info("lease taken", zap.String("lease", name), zap.String("replica", r.identity))
			work(ctx)
			r.log.Info("lease given up", zap.String("lease", name), zap.String("replica", r.identity))
		},
	}
}

func (r *replica) held(name, holder string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.holders[name] = holder
}

// told logs what is in the way of a lease, each thing once as long as it lasts: one that can be read and not written is read in
// between.
func (r *replica) told(name, verb string, err error) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if text != "" && text != r.troubles[name+" "+verb] {
		r.log.Warn("lease cannot be read or written", zap.String("lease", name), zap.String("verb", verb), zap.Error(err))
	}
	r.troubles[name+" "+verb] = text
}

// leading says of each lease that apps are kept by whether this replica holds it, for a gauge.
func (r *replica) leading() map[string]bool {
	held := r.guard.Held()
	all := map[string]bool{}
	for _, name := range r.names() {
		all[name] = slices.Contains(held, name)
	}
	return all
}

// keeps reports whether this replica holds the lease that an app is kept by.
func (r *replica) keeps(app string) bool {
	return slices.Contains(r.guard.Held(), r.names()[shardOf(app, r.shards)])
}

// standing is what the status says of this replica.
func (r *replica) standing() status.Replica {
	leading := r.leading()
	r.mu.Lock()
	defer r.mu.Unlock()
	is := status.Replica{Identity: r.identity, Standby: true, Warm: r.warm(), Leases: []status.Lease{}}
	for _, name := range r.names() {
		is.Standby = is.Standby && !leading[name]
		is.Leases = append(is.Leases, status.Lease{Name: name, Holder: r.holders[name]})
	}
	return is
}

// keepShifts has the fleet keep apps in step whenever a lease is held.
func (d *daemon) keepShifts(ctx context.Context, shifts chan<- *sync.Shift, desk *desk) error {
	return d.replica.run(ctx, func(ctx context.Context, owns func(string) bool) {
		shift := sync.NewShift(ctx, owns)
		select {
		case <-ctx.Done():
			return
		case shifts <- shift:
		}
		var group errgroup.Group
		group.Go(func() error { return desk.of(owns).run(ctx) })
		<-shift.Over()
		_ = group.Wait() // it has none
	})
}
