package main

import (
	"context"
	"strconv"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/lease"
)

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
				work(ctx, r.lease, func(string) bool { return true })
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
			work(ctx, name, func(app string) bool { return shardOf(app, r.shards) == shard })
		})
		c.May = func(context.Context) bool { return crew.may(shard) }
		candidates = append(candidates, c)
	}
	return candidates
}

// presence stands for the Lease that says that this replica is there. It allows no write, and so has a guard of its own.
func (r *replica) presence() *lease.Candidate {
	c := r.candidate(r.lease+"-replica-"+r.is().Unique, nil)
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
