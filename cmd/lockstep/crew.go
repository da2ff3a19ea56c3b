package main

import (
	"context"
	"hash/fnv"
	"slices"
	stdsync "sync"
	"time"

	"go.uber.org/zap"
	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	leaseLabel  = "lockstep.dev/lease"   // on each Lease of one deployment: its --lease-name
	shardsLabel = "lockstep.dev/shards"  // likewise: its --shards
	memberLabel = "lockstep.dev/replica" // on the Lease that says that a replica is there, whose holder it is

	// buriedAfter is how long the Lease of a replica stays that is gone, in durations of it.
	buriedAfter = 20
)

// shardOf is the shard that an app belongs to: the FNV-1a hash of its name, 32 bits, modulo the number of shards.
func shardOf(app string, shards int) int {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(app)) // it never fails
	return int(hash.Sum32() % uint32(shards))
}

// crew is which replicas there are, and which shards this one is to hold. Each renews a Lease of its own to say that it is
// there; all of them see the same Leases, and so each knows its own share.
type crew struct {
	*replica

	mu       stdsync.Mutex
	sights   map[string]sight // of each Lease, by name
	members  []string         // identities, sorted
	strange  bool             // it is the turn of replicas of another number of shards
	looked   time.Time        // when that was true
	held     map[int]context.CancelFunc
	reserved map[int]time.Time // shards that are being taken, until when
}

func newCrew(r *replica) *crew {
	return &crew{replica: r, sights: map[string]sight{}, held: map[int]context.CancelFunc{}, reserved: map[int]time.Time{}}
}

// share is how many shards this replica is to hold: the same for all, and one more for the first of them where the number of
// shards is no multiple. Under mu.
func (c *crew) share() int {
	at, is := slices.BinarySearch(c.members, c.identity)
	if !is {
		return 0
	}
	share := c.shards / len(c.members)
	if at < c.shards%len(c.members) {
		share++
	}
	return share
}

// may reports whether a shard is to be taken, and reserves it for as long as that may last. It is not as long as it is not
// known who is there, or it is the turn of replicas that divide the apps otherwise.
func (c *crew) may(shard int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	if c.strange || now.Sub(c.looked) > c.duration {
		return false
	}
	taken := len(c.held)
	for other, until := range c.reserved {
		if _, held := c.held[other]; !held && other != shard && now.Before(until) {
			taken++
		}
	}
	if taken >= c.share() {
		return false
	}
	c.reserved[shard] = now.Add(c.duration / 3)
	return true
}

// agrees reports whether it is not the turn of replicas that divide the apps otherwise. It asks anew each time: of two that have
// taken their parts at the same moment, one at least sees the other's.
func (c *crew) agrees(ctx context.Context) bool {
	_, err := c.look(ctx)
	c.mu.Lock()
	defer c.mu.Unlock()
	return err == nil && !c.strange
}

// hold notes that a shard is held, until done is called. The context ends when it is to be given up.
func (c *crew) hold(ctx context.Context, shard int) (_ context.Context, done func()) {
	ctx, cancel := context.WithCancel(ctx)
	c.mu.Lock()
	c.held[shard] = cancel
	c.mu.Unlock()
	return ctx, func() {
		cancel()
		c.mu.Lock()
		delete(c.held, shard)
		delete(c.reserved, shard)
		c.mu.Unlock()
	}
}

// balance gives up what others are to have.
func (c *crew) balance() {
	c.mu.Lock()
	defer c.mu.Unlock()
	var held []int
	for shard := range c.held {
		held = append(held, shard)
	}
	slices.Sort(held)
	if surplus := held[min(len(held), max(c.share(), 0)):]; len(c.members) > 1 {
		for _, shard := range surplus {
			c.held[shard]()
		}
	}
}

// run looks who is there until ctx ends.
func (c *crew) run(ctx context.Context) error {
	tick := time.NewTicker(c.duration / 6)
	defer tick.Stop()
	said := false
	for ctx.Err() == nil {
		gone, err := c.look(ctx)
		if err == nil {
			c.balance()
			c.bury(ctx, gone)
		}
		c.mu.Lock()
		strange := c.strange
		c.mu.Unlock()
		if strange && !said {
			c.log.Warn("replicas with another number of shards keep the apps: no shard is taken until they have gone", zap.Int("shards", c.shards))
		}
		said = strange
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	return nil
}

// bury deletes the Leases of replicas that are gone. One that cannot be deleted is only in the way of the eye.
func (c *crew) bury(ctx context.Context, gone []coordinationv1.Lease) {
	for _, l := range gone {
		_ = c.leases.Leases(c.namespace).Delete(ctx, l.Name, metav1.DeleteOptions{
			Preconditions: &metav1.Preconditions{UID: &l.UID, ResourceVersion: &l.ResourceVersion},
		})
	}
}
