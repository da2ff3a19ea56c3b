package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/lease"
)

// mostShards is how many shards there may be: each is a Lease that is renewed a few times a second.
const mostShards = 32

// replicaFlags say whether this daemon is one of several that take turns.
type replicaFlags struct {
	elect    bool
	lease    string
	duration time.Duration
	shards   int
}

func (f *replicaFlags) register(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.BoolVar(&f.elect, "leader-elect", false, "take turns with other replicas: only the one that holds the Lease writes")
	flags.StringVar(&f.lease, "lease-name", "lockstep", "name of the Lease, in --state-namespace")
	flags.IntVar(&f.shards, "shards", 1, "into how many parts the apps are divided, for replicas to share them")
	flags.DurationVar(&f.duration, "lease-duration", lease.DefaultDuration, "how long the Lease is another's after it was renewed last: whole seconds")
}

func (f *replicaFlags) check(cmd *cobra.Command, once bool) error {
	for _, name := range []string{"lease-name", "lease-duration"} {
		if !f.elect && cmd.Flags().Changed(name) {
			return fmt.Errorf("--%s needs --leader-elect: without it there is no Lease", name)
		}
	}
	switch {
	case f.elect && once:
		return errors.New("--leader-elect does not go with --once: nobody takes over from a single pass")
	case f.shards < 1 || f.shards > mostShards:
		return fmt.Errorf("--shards %d: want 1 to %d", f.shards, mostShards)
	case f.shards > 1 && !f.elect:
		return errors.New("--shards needs --leader-elect: who else would keep the other parts?")
	case len(validation.IsDNS1123Subdomain(f.lease)) > 0 || len(f.lease) > validation.LabelValueMaxLength: // it is a label as well
		return fmt.Errorf("--lease-name %q is no Lease's name", f.lease)
	case f.duration%time.Second != 0 || f.duration < 2*time.Second || f.duration > lease.MostDuration:
		return fmt.Errorf("--lease-duration %s: want whole seconds, between 2s and 1m", f.duration)
	}
	return nil
}

// names are those of the leases that apps are kept by: of all apps, or of each shard.
func (f *replicaFlags) names() []string {
	if f.shards == 1 {
		return []string{f.lease}
	}
	var names []string
	for shard := range f.shards {
		names = append(names, fmt.Sprintf("%s-shard-%d", f.lease, shard))
	}
	return names
}
