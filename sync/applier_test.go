package sync_test

import (
	"context"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync"
)

// plannedApplier is the daemon's applier, and calls a func before it plans for an app.
type plannedApplier struct {
	sync.Applier
	before func(app string)
}

func (a *plannedApplier) Plan(ctx context.Context, request apply.Request) (*apply.Plan, error) {
	a.before(request.App)
	return a.Applier.Plan(ctx, request)
}

// beforePlans has the daemon call a func before it plans for an app, from the app's goroutine.
func (s *fleetStage) beforePlans(do func(app string)) {
	s.applier = func(next sync.Applier) sync.Applier { return &plannedApplier{next, do} }
}
