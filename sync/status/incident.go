package status

import (
	"fmt"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
)

// mostIncidents is how many of an app are remembered.
const mostIncidents = 20

// Incident is a time in which a Service that had been whole routed to fewer pods than it should, without a commit's doing.
type Incident struct {
	ID       object.ID     `json:"id"`
	Service  string        `json:"service"`
	From     time.Time     `json:"from"`
	Until    time.Time     `json:"until,omitzero"` // zero while it lasts
	Lowest   int           `json:"lowest"`         // ready endpoints, the fewest that were seen
	Expected int           `json:"expected"`       // the most that were wanted meanwhile
	Reason   health.Reason `json:"reason"`         // of the app, the most telling that was given
}

// String says how long it took: "web-service was below 3 endpoints for 2.1 s".
func (i Incident) String() string {
	text := fmt.Sprintf("%s was below %s for %s", i.Service, plural(i.Expected, "endpoint"), Spell(i.Until.Sub(i.From)))
	if i.Lowest == 0 && i.Expected > 1 {
		text += ", and had none for a while"
	}
	return text
}

// watchServices opens, follows and closes incidents by the app's Services before a report and in it. Only an app that has
// become healthy with what is applied has any: before that, what is missing is the commit's. A Service that merely ought to
// have more than before, since somebody scales it up, loses nothing.
func (a *App) watchServices(report *health.Report, at time.Time) {
	if report.Status == health.Unknown {
		return
	}
	incidents := slices.Clone(a.Incidents)
	for i := range incidents {
		if incidents[i].Until.IsZero() {
			incidents[i].follow(report, at)
		}
	}
	if a.Revision.Healthy == a.Revision.Applied && !a.Revision.Healthy.IsZero() {
		incidents = append(incidents, a.losses(incidents, report, at)...)
	}
	a.Incidents = incidents[max(0, len(incidents)-mostIncidents):]
}

// losses are the incidents that begin with a report.
func (a *App) losses(known []Incident, report *health.Report, at time.Time) []Incident {
	var begun []Incident
	for _, s := range report.Services {
		open := slices.ContainsFunc(known, func(i Incident) bool { return i.ID == s.ID && i.Until.IsZero() })
		before := slices.IndexFunc(a.Services, func(was health.Service) bool { return was.ID == s.ID })
		if open || before < 0 || s.EndpointsReady >= s.EndpointsExpected || s.EndpointsReady >= a.Services[before].EndpointsReady {
			continue
		}
		begun = append(begun, Incident{
			ID: s.ID, Service: s.Name, From: at, Lowest: s.EndpointsReady, Expected: s.EndpointsExpected, Reason: report.Reason,
		})
	}
	return begun
}

// follow takes over what a report says of the incident's Service. One that the app no longer has is nobody's loss.
func (i *Incident) follow(report *health.Report, at time.Time) {
	now := slices.IndexFunc(report.Services, func(s health.Service) bool { return s.ID == i.ID })
	if now < 0 {
		i.Until = at
		return
	}
	s := report.Services[now]
	i.Lowest, i.Expected = min(i.Lowest, s.EndpointsReady), max(i.Expected, s.EndpointsExpected)
	if i.Reason == "" || i.Reason == health.RolloutInProgress && report.Reason != "" {
		i.Reason = report.Reason
	}
	if s.EndpointsReady >= s.EndpointsExpected {
		i.Until = at
	}
}

// Over returns the incidents of a that lasted in before, and are over.
func (a App) Over(before App) []Incident {
	var over []Incident
	for _, was := range before.Incidents {
		for _, is := range a.Incidents {
			if was.Until.IsZero() && !is.Until.IsZero() && is.ID == was.ID && is.From.Equal(was.From) {
				over = append(over, is)
			}
		}
	}
	return over
}
