package lease

import (
	"context"
	"errors"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/leaderelection/resourcelock"
)

var (
	errNotHeld = errors.New("the lease is another's: there is nothing to let go of")
	errNotDue  = errors.New("it is not this replica's turn")
	errNotFree = errors.New("whoever had the lease may not know yet that it is lost")
)

// lock is a Lease whose reads and writes tell its term how long it lasts. The elector calls it from one goroutine.
type lock struct {
	*resourcelock.LeaseLock
	of   *Candidate
	term *Term

	sight
	known bool // somebody was told of the holder
}

// Get reads the record. That another has the lease ends the term: so it is where a Lease was deleted or edited by hand.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, _, err := l.LeaseLock.Get(ctx)
	switch {
	case apierrors.IsNotFound(err): // it is made then
		l.see(nil, resourcelock.LeaderElectionRecord{})
		l.of.told("get", nil)
		return nil, nil, err
	case err != nil:
		l.of.told("get", err)
		return nil, nil, err
	}
	l.of.told("get", nil)
	record.LeaseDurationSeconds = min(record.LeaseDurationSeconds, int(MostDuration/time.Second))
	l.see(textOf(*record), *record)
	if other := record.HolderIdentity; other != "" && other != l.Identity() && l.term.holds() {
		l.term.end()
	}
	return record, l.text, nil
}

// Create makes the Lease, and takes it.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	switch {
	case !l.free():
		return errNotFree
	case !l.of.May(ctx):
		return errNotDue
	}
	return l.write("create", record, func() error { return l.LeaseLock.Create(ctx, record) })
}

// Update takes, renews or lets go of the lease. It lets go of its own only: the elector goes by what it observed, which in a
// process that was frozen is long past, and would overwrite the record of whoever has taken over. The term ends before.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	mine := l.record.HolderIdentity == l.Identity()
	switch {
	case record.HolderIdentity == "" && !mine:
		return errNotHeld
	case record.HolderIdentity == "":
		l.term.end()
	case !l.free():
		return errNotFree
	case !mine && !l.of.May(ctx):
		return errNotDue
	}
	return l.write("update", record, func() error { return l.LeaseLock.Update(ctx, record) })
}

// free reports whether nobody else writes by the lease: it was let go of, or has been as it is for longer than it lasts. The
// elector looks at the holder only, and would take one at once that is missing, or that somebody has emptied by hand.
func (l *lock) free() bool {
	ours := l.record.HolderIdentity == l.Identity() && !l.of.reign.IsZero() && l.record.AcquireTime.Equal(&l.of.reign)
	return l.of.Alone || ours || l.term.holds() || l.released() || time.Since(l.since) >= max(l.of.Duration, l.longest)
}

// write counts from before the call: others cannot have seen it earlier.
func (l *lock) write(verb string, record resourcelock.LeaderElectionRecord, call func() error) error {
	if record.HolderIdentity != "" {
		l.of.reign = *record.AcquireTime.DeepCopy()
		l.of.reign.Time = l.of.reign.Truncate(time.Microsecond) // as it is kept
	}
	began := time.Now()
	err := call()
	l.of.told(verb, err)
	if err != nil {
		return err
	}
	l.see(textOf(record), record)
	if record.HolderIdentity != "" {
		l.term.extend(began, l.of.trust())
	}
	return nil
}

// see takes down what the Lease is like, and tells who holds it where that is news.
func (l *lock) see(text []byte, record resourcelock.LeaderElectionRecord) {
	if !l.known || l.record.HolderIdentity != record.HolderIdentity {
		l.of.Held(record.HolderIdentity)
		l.known = true
	}
	l.sight.see(text, record)
}
