package main

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/sync"
)

// planReport is what plan prints.
type planReport struct {
	Cluster  string
	Many     bool // of a config: the JSON is a list, also of one app
	Apps     []plannedApp
	Problems []string // what is wrong with the config, and left out
}

// workTreeRevision stands in for the revision of a folder's files.
const workTreeRevision = "working tree"

// plannedApp is one app in the JSON of a plan. The README describes it: fields are added, not renamed.
type plannedApp struct {
	Name       string          `json:"name"`
	Namespace  string          `json:"namespace"`
	Repository string          `json:"repository"`
	Path       string          `json:"path"`
	Revision   string          `json:"revision,omitempty"` // main@sha1:<40 digits>, or workTreeRevision; empty when there is none
	Summary    planSummary     `json:"summary"`
	Warnings   []string        `json:"warnings"`
	Errors     []planProblem   `json:"errors"`
	Blocked    *plannedBlock   `json:"blocked,omitempty"`
	Objects    []plannedObject `json:"objects"`

	shown string // the revision for people
}

// planSummary counts objects by what becomes of them.
type planSummary struct {
	Create    int `json:"create"`
	Configure int `json:"configure"`
	Prune     int `json:"prune"`
	Unchanged int `json:"unchanged"`
	Skip      int `json:"skip"`
}

// planProblem is an error, and where it is.
type planProblem struct {
	Object  *object.ID `json:"object,omitempty"`
	File    string     `json:"file,omitempty"`
	Line    int        `json:"line,omitempty"`
	Message string     `json:"message"`
}

// plannedBlock is what guards keep a run from deleting: the run would do nothing at all.
type plannedBlock struct {
	Message string      `json:"message"`
	Objects []object.ID `json:"objects"`
}

// plannedObject is one object of an app.
type plannedObject struct {
	Object object.ID      `json:"object"`
	Action apply.Action   `json:"action"`
	Fields []plannedField `json:"fields,omitempty"`
	File   string         `json:"file,omitempty"`
	Line   int            `json:"line,omitempty"`
	Why    string         `json:"why,omitempty"`
	Drift  bool           `json:"drift,omitempty"`
	By     []string       `json:"by,omitempty"`
}

// plannedField is one field. Of a value of a Secret there is Secret in place of the old one and the new one.
type plannedField struct {
	Path   string  `json:"path"`
	Old    *string `json:"old,omitempty"`
	New    *string `json:"new,omitempty"`
	Secret string  `json:"secret,omitempty"`
}

// What a plan says of a value of a Secret.
const (
	secretAdded   = "added"
	secretRemoved = "removed"
	secretDiffers = "differs"
	secretEqual   = "equal"
)

func reportOf(cluster string, many bool, apps *planApps, planned []sync.Planned) *planReport {
	report := &planReport{Cluster: cluster, Many: many}
	for _, one := range planned {
		app := describePlan(one)
		if one.Revision.IsZero() && apps.of[one.App.Name].tree {
			app.Revision, app.shown = workTreeRevision, workTreeRevision
		}
		report.Apps = append(report.Apps, app)
	}
	return report
}

// wrong is all that is wrong, a line each.
func (r *planReport) wrong() []string {
	lines := append([]string{}, r.Problems...)
	for _, app := range r.Apps {
		for _, problem := range app.Errors {
			lines = append(lines, app.Name+": "+problem.String())
		}
		if app.Blocked != nil {
			lines = append(lines, app.Name+": "+oneLineOf(app.Blocked.Message))
		}
	}
	return lines
}

func (s *planSummary) count(action apply.Action) {
	switch action {
	case apply.Created:
		s.Create++
	case apply.Configured:
		s.Configure++
	case apply.Pruned:
		s.Prune++
	case apply.Unchanged:
		s.Unchanged++
	case apply.Skipped:
		s.Skip++
	}
}

func (s planSummary) writes() int { return s.Create + s.Configure + s.Prune }

// String reads "1 to create, 2 to configure, 0 to prune, 40 unchanged".
func (s planSummary) String() string {
	text := fmt.Sprintf("%d to create, %d to configure, %d to prune, %d unchanged", s.Create, s.Configure, s.Prune, s.Unchanged)
	if s.Skip > 0 {
		text += fmt.Sprintf(", %d skipped", s.Skip)
	}
	return text
}

// total is the summary of all apps.
func (r *planReport) total() planSummary {
	var all planSummary
	for _, app := range r.Apps {
		all.Create += app.Summary.Create
		all.Configure += app.Summary.Configure
		all.Prune += app.Summary.Prune
		all.Unchanged += app.Summary.Unchanged
		all.Skip += app.Summary.Skip
	}
	return all
}
