package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
)

// verdicts are the commits that came for an app and have had no verdict, nor will have one: they are put on record with what
// is saved next anyway, so that any number of them costs no write of its own. They are the pass's, and in a gate's wait those
// of who watches for a newer commit.
type verdicts struct {
	due    []inventory.Record // begun with, or seen by a gate; none of them overtaken yet
	outrun []inventory.Record // the newest last
}

// comes notes a commit that a verdict is due on, once.
func (v *verdicts) comes(snapshot git.Snapshot, at time.Time) {
	for _, r := range v.due {
		if r.Revision == full(snapshot.Revision) {
			return
		}
	}
	v.due = append(v.due, inventory.Record{
		Revision: full(snapshot.Revision), Author: snapshot.Author, Message: snapshot.Message, At: at,
	})
}

// begins notes that a pass is about a commit: all others that are due are overtaken.
func (v *verdicts) begins(snapshot git.Snapshot, at time.Time) {
	due := v.due
	v.due = nil
	for _, r := range due {
		if r.Revision == full(snapshot.Revision) {
			v.due = append(v.due, r)
			continue
		}
		r.Duration = at.Sub(r.At)
		v.outrun = append(v.outrun, r)
	}
	v.outrun = v.outrun[max(0, len(v.outrun)-inventory.MaxOvertaken):]
	v.comes(snapshot, at)
}

// given notes that the commit has its verdict, whatever that is.
func (v *verdicts) given() { v.due = nil }
