package sync

import (
	"errors"
	"slices"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
)

// place is where in git an object stands.
type place struct {
	file string
	line int
}

// places are those of an app's objects. Health knows no git: what it says of an object is put beside them here.
type places map[object.ID]place

func placesOf(plan *apply.Plan) places {
	all := make(places, len(plan.Changes))
	for _, c := range plan.Changes {
		if c.File != "" {
			all[c.ID] = place{c.File, c.Line}
		}
	}
	return all
}

// report returns r with the file and line of each object that a problem or a warning is about. R itself is not changed:
// the gate compares the next one with it.
func (all places) report(r *health.Report) *health.Report {
	if r == nil || len(r.Problems)+len(r.Warnings) == 0 {
		return r
	}
	placed := *r
	placed.Problems, placed.Warnings = all.problems(r.Problems), all.problems(r.Warnings)
	return &placed
}

func (all places) problems(list []health.Problem) []health.Problem {
	placed := slices.Clone(list)
	for i := range placed {
		if at, known := all[placed[i].Object]; known {
			placed[i].File, placed[i].Line = at.file, at.line
		}
	}
	return placed
}

// placed is what report does, for a report and the failure that holds it.
func (all places) placed(r *health.Report, err error) (*health.Report, error) {
	r = all.report(r)
	if failure, ok := errors.AsType[*health.Failure](err); ok {
		err = &health.Failure{Report: all.report(failure.Report)}
	}
	return r, err
}
