package metrics

import (
	"context"
	"errors"
	"slices"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// steps and actions are all that there are, each a series.
var (
	steps = []sync.Step{
		sync.StepFetch, sync.StepRead, sync.StepLoad, sync.StepPlan, sync.StepApply, sync.StepGate, sync.StepPrune, sync.StepSave,
	}
	actions = []apply.Action{apply.Created, apply.Configured, apply.Unchanged, apply.Pruned, apply.Skipped}
)

// Observe counts event.
func (m *Metrics) Observe(_ context.Context, event sync.Event) {
	switch {
	case event.Left:
		m.forget(event.App)
	case event.Joined != nil:
		m.expect(event.App)
	case len(event.Open) > 0:
		m.accounts.get(event.App).open = slices.ContainsFunc(event.Open, func(r git.Revision) bool { return r.Hash == event.Revision.Hash })
	case event.Change != nil:
		m.changed(event.App, event.Change)
	case event.Rejection != nil:
		m.rollbacks.add(event.App, "", 1)
		m.failed(event, event.Rejection.Reason)
	case event.Record != nil:
		m.recorded(event)
	case event.Err != nil && event.Err.Step == sync.StepGate:
		m.failed(event, event.Err.Reason())
	}
}

// expect has the series of an app begin at 0: what Prometheus sees first at 1 has not increased for it.
func (m *Metrics) expect(app string) {
	for _, action := range actions {
		m.objects.add(app, string(action), 0)
	}
	for _, none := range []*tallies{m.drift, m.fights, m.rollbacks} {
		none.add(app, "", 0)
	}
	m.verdicts.add(app, string(sync.Healthy), 0)
	m.healthy.WithLabelValues(app)
}

func (m *Metrics) forget(app string) {
	m.accounts.forget(app)
	m.healthy.DeleteLabelValues(app)
	for _, counts := range []*tallies{m.objects, m.drift, m.fights, m.verdicts, m.rollbacks} {
		counts.forget(app)
	}
}

func (m *Metrics) changed(app string, c *apply.Change) {
	m.objects.add(app, string(c.Action), 1)
	switch {
	case sync.IsFight(c):
		if m.accounts.get(app).began(c) {
			m.fights.add(app, "", 1)
		}
	case c.Drift && (c.Action == apply.Created || c.Action == apply.Configured):
		m.drift.add(app, "", 1)
	}
}

// failed counts a verdict, once for each commit and reason.
func (m *Metrics) failed(event sync.Event, reason string) {
	one, is := m.accounts.get(event.App), failure{event.Revision, reason}
	one.judged = true
	if one.failed != is {
		one.failed = is
		m.verdicts.add(event.App, reason, 1)
	}
}

func (m *Metrics) recorded(event sync.Event) {
	if event.Record.State != sync.Healthy {
		return
	}
	app, _ := m.store.App(event.App)
	healthy := app.Timeline.At(status.Healthy)
	wrote := app.Objects.Created + app.Objects.Configured + app.Objects.Pruned
	one := m.accounts.get(event.App)
	if event.Record.Moved && (wrote > 0 || one.judged || one.open) {
		m.verdicts.add(event.App, string(sync.Healthy), 1)
	}
	if healthy != nil && healthy.At.Equal(event.At) && wrote > 0 {
		m.healthy.WithLabelValues(event.App).Observe(app.Timeline.Total().Seconds())
	}
	m.accounts.succeeded(event.App, event.At)
	one.failed, one.judged, one.open = failure{}, true, false
}

// Traced counts how long the steps of a pass took.
func (m *Metrics) Traced(trace sync.Trace) {
	if trace.Looked() || errors.Is(trace.Err, context.Canceled) {
		return
	}
	for _, span := range trace.Steps {
		m.steps.WithLabelValues(string(span.Step)).Observe(span.Ended.Sub(span.Began).Seconds())
	}
}
