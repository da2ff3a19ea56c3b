package status

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

// waits is the reason of an app that waits for others.
const waits = "DependencyNotReady"

// Fold returns what becomes of app when event happens. The App that is passed in reads as it did, but is not to be folded
// again: of 5,000 changes that are told one by one, each is stored once.
func Fold(app App, event sync.Event) App {
	app.goBack(event)
	switch {
	case event.Joined != nil:
		app.joined(event)
	case event.Waits != "":
		app.enter(sync.Pending, event)
		app.explain(waits, event.Waits)
	case event.Snapshot != nil:
		app.begin(event)
	case event.Same != nil:
		app.keepUp(event)
	case event.Plan != nil:
		app.planned(event)
	case event.Change != nil:
		app.changed(event.Change)
	case event.Applied != nil:
		app.applied(event)
	case event.Rejection != nil:
		app.rejected(event)
	case event.Report != nil:
		app.judged(event)
	case event.Record != nil && event.Record.State == sync.Suspended:
		app.enter(sync.Suspended, event)
		app.explain("Suspended", "left as it is, as somebody has asked for by hand; lockstep resume ends that")
	case event.Record != nil:
		app.settled(event)
	case event.Err != nil:
		app.failed(event)
	}
	return app
}

func (a *App) enter(state sync.State, event sync.Event) {
	if a.State != state {
		a.State, a.Since = state, event.At
	}
}

// explain says why; without a reason of its own, why an earlier state is on its way, where one is.
func (a *App) explain(reason, message string) {
	a.Reason, a.Message = reason, message
	if message == "" && a.Back != nil {
		a.Reason, a.Message = a.Back.Reason, a.Back.String()
	}
	a.Advice = ""
	for _, p := range a.Problems {
		if string(p.Reason) == a.Reason {
			a.Advice = p.Advice
			return
		}
	}
}

// joined takes over what is asked for; what is known of the app stays.
func (a *App) joined(event sync.Event) {
	a.Repository, a.Path, a.Namespace = event.Joined.Repository, event.Joined.Path, event.Joined.Namespace
	a.DependsOn, a.Suspended = event.Joined.DependsOn, event.Joined.Suspend
	if event.Joined.Suspend {
		a.enter(sync.Suspended, event)
		a.explain("Suspended", "left as it is, as the config says")
	} else if a.State == sync.Suspended {
		a.enter(sync.Pending, event)
		a.explain("", "")
	}
}

// keepUp notes a commit that changes nothing for this app: it is as applied and as healthy as the one before.
func (a *App) keepUp(event sync.Event) {
	a.Revision.Seen, a.Commit = event.Revision, commitOf(event.Same)
	if event.Back != nil {
		return
	}
	a.Revision.Applied = event.Revision
	if a.State == sync.Healthy {
		a.Revision.Healthy = event.Revision
	}
}

func commitOf(s *git.Snapshot) Commit {
	return Commit{Author: s.Author, Message: s.Message, Time: s.Time}
}

// begin starts the account of a new commit. The health stays as it was: it is that of the pods, which still run.
func (a *App) begin(event sync.Event) {
	s := event.Snapshot
	a.Timeline = start(s, event.At, a.Revision.Seen.IsZero())
	a.Revision.Seen = s.Revision
	a.Commit = commitOf(s)
	a.Objects, a.Changes, a.Warnings, a.Rollout, a.Probes = Objects{}, []Change{}, []string{}, nil, nil
	a.enter(sync.Syncing, event)
	a.explain("", "")
	a.held = false
}

// planned starts the account of a pass that has something to write, be it a commit or drift; of one that has not, the
// account of the last that had stays.
func (a *App) planned(event sync.Event) {
	a.Objects.Total = len(event.Plan.Changes)
	a.planWarnings = event.Plan.Warnings
	a.Warnings = warnings(event.Plan.Warnings, nil)
	if event.Plan.Writes() == 0 {
		return
	}
	a.Objects, a.Changes = Objects{Total: a.Objects.Total}, []Change{}
	a.Rollout = beginRollout(event.At, a.Workloads, a.Services)
	a.enter(sync.Syncing, event)
	a.explain("", "")
	a.held = false
}

func (a *App) changed(c *apply.Change) {
	if a.State != sync.Syncing && (c.Action == apply.Unchanged || c.Action == apply.Skipped) {
		a.retell(c)
		return // a pass that only looked
	}
	switch c.Action {
	case apply.Created:
		a.Objects.Created++
	case apply.Configured:
		a.Objects.Configured++
	case apply.Unchanged:
		a.Objects.Unchanged++
	case apply.Pruned:
		a.Objects.Pruned++
	case apply.Skipped:
		a.Objects.Skipped++
	}
	a.Changes = append(a.Changes, outcome(c)) // beyond what anybody who has the App sees
}

// retell notes drift that is left as it is, in place of what was said of it before.
func (a *App) retell(c *apply.Change) {
	if !c.Drift || c.Action != apply.Skipped {
		return
	}
	before := func(known Change) bool { return known.Object == c.ID && known.Drift && known.Action == apply.Skipped }
	a.Changes = append(slices.DeleteFunc(slices.Clone(a.Changes), before), outcome(c))
}

func outcome(c *apply.Change) Change {
	return Change{Object: c.ID, Action: c.Action, Fields: c.Fields, File: c.File, Line: c.Line, Text: c.String(), Drift: c.Drift, By: c.By}
}

func (a *App) applied(event sync.Event) {
	a.Revision.Applied = event.Revision
	if event.Back != nil {
		a.Revision.Applied = event.Back.To
	}
	if a.State == sync.Syncing {
		a.Timeline = a.Timeline.mark(Applied, event.At)
		a.enter(sync.Progressing, event)
	}
}

// judged takes over the health. An app that waits for others goes on to do so, whatever runs of it. What the gate has failed stays failed until a pass has ended well: the loop begins one
// as soon as the health is good.
func (a *App) judged(event sync.Event) {
	r := event.Report
	a.watchServices(r, event.At)
	a.Rollout = a.Rollout.judged(r, event.At)
	a.Workloads, a.Services = r.Workloads, r.Services
	if !a.knowsMore(r) {
		a.Problems = r.Problems
	}
	if r.Probes != nil {
		a.Probes = r.Probes
	}
	a.Timeline = a.Timeline.judged(r, event.At)
	a.Warnings = warnings(a.planWarnings, r.Warnings)
	switch {
	case a.held || a.State == sync.Syncing || a.State == sync.Suspended || a.State == sync.Pending:
		return
	case a.State == sync.Failed:
		if r.Status != health.Current && !a.knowsMore(r) {
			a.explain(string(r.Reason), a.notReturned(r))
		}
	case r.Status == health.Current && a.onRecord():
		a.well(event)
	case r.Status == health.Current:
		a.explain("", "ready, and about to be put on record")
	default:
		a.enter(sync.Progressing, event)
		a.explain(string(r.Reason), r.Message)
	}
}

// knowsMore tells that a report after the gate names no cause, where the verdict of the gate does: a commit that has failed
// has done so for a reason, also in the moments between two crashes, and when it has only taken too long.
func (a *App) knowsMore(r *health.Report) bool {
	return a.State == sync.Failed && !a.held && r.Reason == health.RolloutInProgress && len(a.Problems) > 0
}

// warnings joins what the plan and the health warn of.
func warnings(plan []string, report []health.Problem) []string {
	all := append([]string{}, plan...)
	for _, w := range report {
		all = append(all, fmt.Sprintf("%s: %s", w.Reason, w.Message))
	}
	return all
}

func (a *App) settled(event sync.Event) {
	a.Revision.Healthy, a.held = event.Revision, false
	a.Rollout = a.Rollout.ended(event.At)
	if event.Back != nil {
		a.Revision.Healthy = event.Back.To
	} else {
		a.Timeline = a.Timeline.mark(Healthy, event.At)
	}
	a.well(event)
}

func (a *App) failed(event sync.Event) {
	a.held = event.Err.Step != sync.StepGate
	a.unreturned = ""
	if errors.Is(event.Err, sync.ErrNothingToGoBackTo) {
		a.unreturned = "; " + sync.ErrNothingToGoBackTo.Error()
	}
	a.enter(event.Err.State(), event)
	a.explain(event.Err.Reason(), event.Err.Message())
	a.Advice = cmp.Or(a.Advice, event.Err.Advice())
}
