package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// Outcome is what a pass came to.
type Outcome struct {
	Revision git.Revision
	State    State
	Plan     *apply.Plan    // as applied; nil when the pass has not come that far, or had nothing to plan
	Report   *health.Report // the gate's last
	Snapshot git.Snapshot
	Back     *Back // an earlier state is live instead of the revision; nil otherwise
	// Moved reports whether anything was written or a revision seen that no pass of this process saw before.
	Moved bool
	// First reports whether this is the first verdict on what the commit has for the app, by any process.
	First bool
	// Blind reports whether some of the app's objects cannot be watched: only another pass can tell whether they are as
	// they were left.
	Blind bool

	targets []*health.Applied // the app's live objects, as the last pass that planned has left them
	places  places
}

// memory is what one pass leaves to the next.
type memory struct {
	outcome  Outcome // without its plan, which is large
	reads    reads   // what its manifests were made of
	applied  archive // the manifests themselves
	watched  map[object.ID]inventory.Entry
	settled  bool      // the app was healthy then
	skipped  bool      // some object was left alone: whether it still is to be, its annotations say
	gate     time.Time // when the wait for these manifests began; zero when it is over
	gateOver bool      // that wait has ended without health
}

// targets are the objects of a plan whose health counts.
func targets(plan *apply.Plan) ([]*health.Applied, error) {
	all := make([]*health.Applied, 0, len(plan.Changes))
	for _, c := range plan.Changes {
		target := c.Target()
		if target == nil {
			continue
		}
		applied, err := health.NewApplied(target)
		if err != nil {
			return nil, err
		}
		all = append(all, applied)
	}
	return all, nil
}
