package apply

import (
	"context"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/apply/object"
)

const (
	// FieldManager is the name under which every field that Lockstep applies is owned.
	FieldManager = object.FieldManager
	// OwnerLabel is on every object that Lockstep applies; its value is the name of the app that owns the object.
	OwnerLabel = object.OwnerLabel
	// DefaultConcurrency is how many objects an Applier works on at once, for all apps together. More wins nothing on an
	// API server of two cores and less leaves it idle; its own Priority and Fairness protects it from us.
	DefaultConcurrency = 16
)

// Applier makes objects so in one cluster. It keeps no state between calls and may be used by several goroutines.
type Applier struct {
	client client.Client
	mirror *mirror.Mirror // nil where every object is read
	slots  chan struct{}  // holds a value for each object that is worked on
}

// New returns an Applier that works through c, which needs no cache. What m shows is not read; with a nil m every object
// is, once, right before it is decided about.
func New(c client.Client, m *mirror.Mirror) *Applier {
	return &Applier{client: client.WithFieldOwner(c, FieldManager), mirror: m, slots: make(chan struct{}, DefaultConcurrency)}
}

// As returns an Applier that works through c, which may have another's rights, and shares the mirror of a and its limits.
func (a *Applier) As(c client.Client) *Applier {
	return &Applier{client: client.WithFieldOwner(c, FieldManager), mirror: a.mirror, slots: a.slots}
}

// each calls do once for every change, several at a time, and returns what went wrong with all of them together. A
// change whose turn comes after ctx has ended is not started.
func (a *Applier) each(ctx context.Context, changes []*Change, do func(context.Context, *Change) error) error {
	failed := make([]error, len(changes))
	var group errgroup.Group
	group.SetLimit(cap(a.slots))
	for i, change := range changes {
		group.Go(func() error {
			a.slots <- struct{}{}
			defer func() { <-a.slots }()
			if failed[i] = context.Cause(ctx); failed[i] == nil {
				failed[i] = do(ctx, change)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions return nothing: every error is in failed, at its change's index
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return gather(changes, failed)
}
