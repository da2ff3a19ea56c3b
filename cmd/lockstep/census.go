package main

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	stdsync "sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// census collects what the replicas say of the apps that each keeps.
type census struct {
	*peers

	mu      stdsync.Mutex
	list    status.List
	keepers map[string]string // by lease: who holds it, and has shown all of its apps
	holders map[string]string // by lease: who is to be asked
	silent  []string
}

// together is what all replicas say, with what is missing. Who holds a lease is known a moment late: where something is missing
// that is read anew, and whoever turns up is asked as well.
func (p *peers) together(ctx context.Context) status.List {
	c := &census{peers: p, keepers: map[string]string{}, holders: map[string]string{}}
	c.add(p.store.List())
	for _, l := range c.list.Replica.Leases {
		c.holders[l.Name] = l.Holder
	}
	c.ask(ctx)
	if len(c.missing()) > 0 {
		c.seek(ctx)
		c.ask(ctx)
	}
	return c.sum()
}

// add takes what a replica says of the apps that it keeps. The leases are those by which anybody keeps apps: in an update that
// changes the number of shards they are not this replica's.
func (c *census) add(list status.List) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.list.Replica == nil {
		c.list = list
	} else {
		c.list.Apps = append(c.list.Apps, list.Apps...)
	}
	is := list.Replica
	if is == nil {
		return
	}
	for _, l := range is.Leases {
		if !is.Keeps(l.Name) {
			continue
		}
		c.keepers[l.Name] = is.Identity
		if !slices.ContainsFunc(c.list.Replica.Leases, func(known status.Lease) bool { return known.Name == l.Name }) {
			c.list.Replica.Leases = is.Leases
		}
	}
}

// ask asks those who hold a lease whose apps are missing, and have not been found silent.
func (c *census) ask(ctx context.Context) {
	var group stdsync.WaitGroup
	for _, holder := range c.toAsk() {
		group.Go(func() {
			var list status.List
			body, err := c.peers.ask(ctx, holder, "/api/v1/apps")
			if err == nil {
				err = json.Unmarshal(body, &list)
			}
			if err == nil {
				c.add(list)
				return
			}
			c.mu.Lock()
			defer c.mu.Unlock()
			c.silent = append(c.silent, holder)
		})
	}
	group.Wait()
}

func (c *census) toAsk() []string {
	var all []string
	for lease, holder := range c.holders {
		if c.keepers[lease] == "" && holder != "" && holder != c.identity && !slices.Contains(c.silent, holder) {
			all = append(all, holder)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// seek reads who holds the leases now, of whatever number of shards. Where that cannot be read it stays with what was known.
func (c *census) seek(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	list, err := c.leases.Leases(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: leaseLabel + "=" + c.lease + ",!" + memberLabel})
	if err != nil {
		return
	}
	for _, l := range list.Items {
		if holder := l.Spec.HolderIdentity; holder != nil && *holder != c.identity {
			c.holders[l.Name] = *holder
		}
	}
}

// missing are the leases whose apps nobody has shown.
func (c *census) missing() []string {
	var all []string
	for _, l := range c.list.Replica.Leases {
		if c.keepers[l.Name] == "" {
			all = append(all, l.Name)
		}
	}
	return all
}

// sum is what was said, each app once: of one that has just moved what was told first.
func (c *census) sum() status.List {
	byName := func(a, b status.App) int { return cmp.Compare(a.Name, b.Name) }
	slices.SortStableFunc(c.list.Apps, byName)
	c.list.Apps = slices.CompactFunc(c.list.Apps, func(a, b status.App) bool { return a.Name == b.Name })
	is := *c.list.Replica
	is.Leases, is.Missing = slices.Clone(is.Leases), c.missing()
	for i, l := range is.Leases {
		is.Leases[i].Holder = cmp.Or(c.keepers[l.Name], c.holders[l.Name])
		if holder := is.Leases[i].Holder; slices.Contains(c.silent, holder) && c.keepers[l.Name] == "" && !slices.Contains(is.Silent, holder) {
			is.Silent = append(is.Silent, holder)
		}
	}
	c.list.Replica = &is
	return c.list
}
