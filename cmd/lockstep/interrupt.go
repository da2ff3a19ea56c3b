package main

import (
	"context"
	"errors"
	"fmt"
)

// interrupted is how far a single pass had come when it was told to end.
type interrupted struct{ written int }

// Error counts what was written.
func (e interrupted) Error() string {
	switch e.written {
	case 0:
		return "interrupted: nothing was applied"
	case 1:
		return "interrupted: 1 object applied, not known to be healthy"
	default:
		return fmt.Sprintf("interrupted: %d objects applied, not known to be healthy", e.written)
	}
}

// interrupted looks up how far the pass has come.
func (d *daemon) interrupted() error {
	app, _ := d.store.App(d.app.Name)
	return interrupted{app.Objects.Created + app.Objects.Configured + app.Objects.Pruned}
}

// isEndOf reports whether err says no more than that ctx has ended.
func isEndOf(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.Cause(ctx)))
}

// unlessEnded returns err, or nil when ctx has ended: whoever asked for that is not told what did not come about.
func unlessEnded(ctx context.Context, err error) error {
	select {
	case <-ctx.Done():
		return nil
	default:
		return err
	}
}
