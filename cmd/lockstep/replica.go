package main

import (
	"context"
	"fmt"
	"slices"
	stdsync "sync"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	begun    map[string]bool   // the leases held here whose apps the status knows
	troubles map[string]string // what was logged last, by lease and verb
}

// replicate makes a daemon one of several, if the flags say so. What it needs to take a lease no guard keeps from it.
func (f *runFlags) replicate(d *daemon) error {
	if !f.elect {
		return nil
	}
	config := f.impatient(f.guard.Unprotected())
	config.UserAgent = "lockstep/" + buildVersion()
	config.Wrap(d.signals.metrics.Transport)
	leases, err := coordinationv1client.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("make a client for leases: %w", err)
	}
	c, err := client.New(config, client.Options{Scheme: d.client.Scheme(), Mapper: ownKinds()})
	if err != nil {
		return fmt.Errorf("make a client for leases: %w", err)
	}
	d.replica = &replica{
		replicaFlags: f.replicaFlags, guard: f.guard, leases: leases, namespace: d.namespace, identity: identity(), log: d.log,
		ensure: inventory.NewStore(c, d.namespace).Ensure, requests: inventory.NewStore(c, d.namespace),
		holders: map[string]string{}, begun: map[string]bool{}, troubles: map[string]string{},
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

// ownKinds knows the kinds that are needed beside the leases: an API server that is slow to say what it serves holds up no takeover.
func ownKinds() meta.RESTMapper {
	core := corev1.SchemeGroupVersion
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{core})
	mapper.Add(core.WithKind("Namespace"), meta.RESTScopeRoot)
	mapper.Add(core.WithKind("Secret"), meta.RESTScopeNamespace)
	return mapper
}

// work keeps the apps that owns names in step, for which a lease is held, until ctx ends.
type work func(ctx context.Context, held string, owns func(app string) bool)

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

// begins notes whether the status knows the apps of a lease that is held here.
func (r *replica) begins(held string, begun bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.begun[held] = begun
}

// standing is what the status says of this replica.
func (r *replica) standing() status.Replica {
	leading := r.leading()
	r.mu.Lock()
	defer r.mu.Unlock()
	is := status.Replica{Identity: r.identity, Standby: true, Warm: r.warm(), Leases: []status.Lease{}}
	for _, name := range r.names() {
		is.Standby = is.Standby && !leading[name]
		holder := r.holders[name]
		if holder == r.identity && !leading[name] {
			holder = "" // it says so, and could not be renewed: nobody keeps the apps
		}
		is.Leases = append(is.Leases, status.Lease{Name: name, Holder: holder})
		if !leading[name] || !r.begun[name] {
			is.Missing = append(is.Missing, name)
		}
	}
	return is
}

// keepShifts has the fleet keep apps in step whenever a lease is held.
func (d *daemon) keepShifts(ctx context.Context, shifts chan<- *sync.Shift, desk *desk) error {
	return d.replica.run(ctx, func(ctx context.Context, held string, owns func(string) bool) {
		shift := sync.NewShift(ctx, owns)
		select {
		case <-ctx.Done():
			return
		case shifts <- shift:
		}
		var group errgroup.Group
		group.Go(func() error { return desk.of(owns).run(ctx) })
		select {
		case <-shift.Begun():
			d.replica.begins(held, true)
		case <-shift.Over():
		}
		<-shift.Over()
		d.replica.begins(held, false)
		_ = group.Wait() // it has none
	})
}
