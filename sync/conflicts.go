package sync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

const (
	// fewConflicts is how often within conflictAge an app's record may be found changed by somebody else before that is said:
	// a daemon that takes over from another, or somebody who edits the record, does that once.
	fewConflicts = 2
	conflictAge  = 10 * time.Minute
)

// conflicts are the times at which a record was found changed by somebody else.
type conflicts []time.Time

// passes over a conflict, so that the pass is begun again with the record as it is now, until there are too many. It returns the
// error otherwise, which says so of a conflict.
func (c *conflicts) passes(ctx context.Context, err error, now time.Time) (again bool, told error) {
	if !errors.Is(err, inventory.ErrConflict) || ctx.Err() != nil {
		return false, err
	}
	*c = append(slices.DeleteFunc(*c, func(at time.Time) bool { return now.Sub(at) > conflictAge }), now)
	if len(*c) <= fewConflicts {
		return true, err
	}
	*c = (*c)[len(*c)-fewConflicts-1:]
	return false, fmt.Errorf("%w, more than %d times in %s: another daemon keeps this app, or somebody edits its record", err, fewConflicts, conflictAge)
}
