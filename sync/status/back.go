package status

import (
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// goBack takes over which earlier state an app is on, or on its way to. What a pass says of that counts until the next one has
// a plan.
func (a *App) goBack(event sync.Event) {
	if event.Back != nil || event.Plan != nil || event.Record != nil || event.Snapshot != nil {
		a.Back = event.Back
	}
	if event.Rejected != nil {
		a.Revision.Rejected = event.Rejected
	}
}

// rejected says that a commit did not serve, and what is about to be applied in its place.
func (a *App) rejected(event sync.Event) {
	a.enter(sync.Syncing, event)
	a.explain("", "")
	a.held = false
}

// notReturned is what a report says of a commit that has failed, and what else is known of that: of an earlier state on whose
// way the report is, what was rejected before.
func (a *App) notReturned(r *health.Report) string {
	if a.Back == nil {
		return r.Message + a.unreturned
	}
	back := *a.Back
	back.Failed = string(r.Reason) + ": " + r.Message
	return back.String()
}

// onRecord reports whether what is applied is on record as healthy.
func (a *App) onRecord() bool {
	return a.Revision.Healthy == a.Revision.Applied && (a.Back == nil || a.Back.Done)
}

// well enters the state of an app that serves: with the newest commit, or with an earlier one in its place.
func (a *App) well(event sync.Event) {
	if a.Back == nil {
		a.enter(sync.Healthy, event)
		a.explain("", a.Standing())
		return
	}
	a.enter(sync.RolledBack, event)
	a.explain(a.Back.Reason, a.Back.String())
}
