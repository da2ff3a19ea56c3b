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
)

// lock is a Lease whose reads and writes tell its term how long it lasts. The elector calls it from one goroutine.
type lock struct {
	*resourcelock.LeaseLock
	term   *Term
	lasts  time.Duration              // how long the term lasts from the beginning of each write on
	may    func(context.Context) bool // whether the lease may be taken from another, or from nobody
	told   func(error)                // what became of each call
	holder string                     // as it was last read or written
}

// Get reads the record.
func (l *lock) Get(ctx context.Context) (*resourcelock.LeaderElectionRecord, []byte, error) {
	record, text, err := l.LeaseLock.Get(ctx)
	if !apierrors.IsNotFound(err) { // it is made then
		l.told(err)
	}
	if err == nil {
		l.holder = record.HolderIdentity
	}
	return record, text, err
}

// Create makes the Lease, and takes it.
func (l *lock) Create(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	if !l.may(ctx) {
		return errNotDue
	}
	return l.write(record, func() error { return l.LeaseLock.Create(ctx, record) })
}

// Update takes, renews or lets go of the lease. It lets go of its own only: the elector goes by what it observed, which in a
// process that was frozen is long past, and would overwrite the record of whoever has taken over. The term ends before.
func (l *lock) Update(ctx context.Context, record resourcelock.LeaderElectionRecord) error {
	mine := l.holder == l.Identity()
	switch {
	case record.HolderIdentity == "" && !mine:
		return errNotHeld
	case record.HolderIdentity == "":
		l.term.end()
	case !mine && !l.may(ctx):
		return errNotDue
	}
	return l.write(record, func() error { return l.LeaseLock.Update(ctx, record) })
}

// write counts from before the call: others cannot have seen it earlier.
func (l *lock) write(record resourcelock.LeaderElectionRecord, call func() error) error {
	began := time.Now()
	err := call()
	l.told(err)
	if err != nil {
		return err
	}
	if l.holder = record.HolderIdentity; l.holder == l.Identity() {
		l.term.extend(began, l.lasts)
	}
	return nil
}
