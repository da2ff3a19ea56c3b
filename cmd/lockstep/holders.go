package main

import (
	"net/netip"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// holder is who holds a lease, as far as is known; empty for nobody.
func (r *replica) holder(lease string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.holders[lease]
}

// late is how long after it was taken a lease is known to be another's, with something to spare.
func (r *replica) late() time.Duration { return r.duration / 5 }

// others are the identities of the other replicas that keep apps.
func (r *replica) others() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []string
	for _, holder := range r.holders {
		if holder != "" && holder != r.identity && !slices.Contains(all, holder) {
			all = append(all, holder)
		}
	}
	slices.Sort(all)
	return all
}

// keepers are the addresses of the webhooks of the other replicas that keep apps, as far as they say.
func (r *replica) keepers() []netip.AddrPort {
	var all []netip.AddrPort
	for _, holder := range r.others() {
		if hooks := status.ParseIdentity(holder).Webhooks; hooks.IsValid() && !slices.Contains(all, hooks) {
			all = append(all, hooks)
		}
	}
	return all
}
