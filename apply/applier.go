package apply

import (
	"context"

	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const (
	// FieldManager is the name under which every field that Lockstep applies is owned.
	FieldManager = "lockstep"
	// OwnerLabel is on every object that Lockstep applies; its value is the name of the app that owns the object.
	OwnerLabel = "lockstep.dev/app"
	// DefaultConcurrency is how many calls an Applier has under way at once. More wins nothing on an API server of
	// two cores and less leaves it idle; its own Priority and Fairness protects it from us.
	DefaultConcurrency = 16
)

// Applier makes objects so in one cluster. It keeps no state between calls and may be used by several goroutines.
type Applier struct {
	client      client.Client
	concurrency int
}

// New returns an Applier that works through c, which needs no cache: the Applier reads each object once, right before
// it decides about it.
func New(c client.Client) *Applier {
	return &Applier{client: client.WithFieldOwner(c, FieldManager), concurrency: DefaultConcurrency}
}

// each calls do once for every change, several at a time, and returns what went wrong with all of them together. A
// change whose turn comes after ctx has ended is not started.
func (a *Applier) each(ctx context.Context, changes []*Change, do func(context.Context, *Change) error) error {
	failed := make([]error, len(changes))
	var group errgroup.Group
	group.SetLimit(a.concurrency)
	for i, change := range changes {
		group.Go(func() error {
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
