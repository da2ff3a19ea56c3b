package main

import (
	"context"
	"slices"
	"strconv"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/lease"
)

// sight is when a Lease was first seen as it is, by this process's own clock.
type sight struct {
	version string
	at      time.Time
}

// muster is what the Leases of a deployment say.
type muster struct {
	shards  int                    // this replica's number of them
	members []string               // identities of the replicas of that number
	gone    []coordinationv1.Lease // of replicas that are long gone

	ours, others bool // parts are kept by that number, by another
	stronger     bool // a replica of a larger one is there
}

// look reads all Leases of the deployment. It returns those of replicas that are long gone.
//
// Where there are replicas of two numbers of shards, as in an update that changes it, an app would be of one replica by the one and
// of another by the other. As long as any part is kept by one number it is that one's turn, for all parts; when none is kept the
// larger's, as those of a single part do not say that they are there.
func (c *crew) look(ctx context.Context) (gone []coordinationv1.Lease, err error) {
	began := time.Now()
	list, err := c.leases.Leases(c.namespace).List(ctx, metav1.ListOptions{LabelSelector: leaseLabel + "=" + c.lease})
	if c.told("", "list", err); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	found, sights := &muster{shards: c.shards}, map[string]sight{}
	for _, l := range list.Items {
		seen := c.sights[l.Name]
		if seen.version != l.ResourceVersion {
			seen = sight{l.ResourceVersion, time.Now()}
		}
		sights[l.Name] = seen
		found.count(l, seen, buriedAfter*c.duration)
	}
	slices.Sort(found.members)
	c.sights, c.members, c.looked = sights, found.members, began
	c.strange = found.others || found.stronger && !found.ours
	return found.gone, nil
}

// count takes one Lease into account.
func (m *muster) count(l coordinationv1.Lease, seen sight, buried time.Duration) {
	number, _ := strconv.Atoi(l.Labels[shardsLabel]) // what is no number is another one
	_, isMember := l.Labels[memberLabel]
	switch alive, age := isAlive(l, seen); {
	case alive && isMember && number == m.shards:
		m.members = append(m.members, *l.Spec.HolderIdentity)
	case alive && isMember:
		m.stronger = m.stronger || number > m.shards
	case alive && number == m.shards:
		m.ours = true
	case alive:
		m.others = true
	case isMember && age > buried:
		m.gone = append(m.gone, l)
	}
}

// isAlive reports whether somebody holds a Lease, and for how long it has been as it is.
func isAlive(l coordinationv1.Lease, seen sight) (bool, time.Duration) {
	age := time.Since(seen.at)
	held := l.Spec.HolderIdentity != nil && *l.Spec.HolderIdentity != "" && l.Spec.LeaseDurationSeconds != nil
	return held && age < min(time.Duration(*l.Spec.LeaseDurationSeconds)*time.Second, lease.MostDuration), age
}
