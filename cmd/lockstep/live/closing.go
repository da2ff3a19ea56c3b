package live

import (
	"errors"
	"fmt"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// mostPoints is how many errors one picture lists, and longestPoint how many lines each may take.
const (
	mostPoints   = 10
	longestPoint = 2
)

// closing draws a commit to its end.
func (c canvas) closing(s *story) []line {
	app := s.app
	if isRefused(app) {
		app.Workloads, app.Services, app.Problems = nil, nil, nil
	}
	foot := c.foot(s.closing)
	if s.refusal != nil {
		foot = c.list(*s.refusal, s.closing)
	}
	return c.picture(app, foot)
}

// isRefused reports whether a commit has come to nothing before anything was written: the pods that run, and what they
// are at, have nothing to do with it.
func isRefused(app status.App) bool {
	failed := app.State == sync.Failed || app.State == sync.Blocked
	return failed && app.Revision.Applied != app.Revision.Seen && len(app.Changes) == 0
}

// refusal is a failure that is about several things.
type refusal struct {
	reason string
	points []string
	kept   int
	at     git.Revision
}

// refusalOf takes an error apart, and returns nil if it is about one thing only.
func refusalOf(err *sync.Error) *refusal {
	r := &refusal{reason: err.Reason(), kept: err.Kept, at: err.At}
	if all, ok := errors.AsType[manifest.Errors](err.Err); ok {
		for _, one := range all {
			r.points = append(r.points, one.Error())
		}
	} else if all, ok := errors.AsType[apply.Errors](err.Err); ok {
		for _, one := range all {
			r.points = append(r.points, one.Error())
		}
	}
	if len(r.points) < 2 {
		return nil
	}
	return r
}

// list is a closing paragraph with a line for each point.
func (c canvas) list(r refusal, s sentence) []line {
	s.text = ": " + r.reason + ": " + plural(len(r.points), "error")
	if r.kept > 0 {
		s.text += fmt.Sprintf("; kept %s at %s", plural(r.kept, "object"), short(r.at))
	}
	lines := wrap(c.sentence(s), c.width, 2)
	shown := r.points[:min(mostPoints, len(r.points))]
	for _, point := range shown {
		lines = append(lines, c.first(wrap(c.line(plain, "  "+point), c.width, 4), longestPoint, c.width)...)
	}
	if left := len(r.points) - len(shown); left > 0 {
		lines = append(lines, c.rest("  · and %d more", left))
	}
	return append(lines, c.advice(s.advice)...)
}
