package live

import (
	"strings"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	mostProblems  = 3 // in one picture
	longestPoints = 4 // lines of one message
)

// problems says what keeps the app from being healthy, in Kubernetes' words, and what to do. The one that a failed app's
// last line is about is left to that line.
func (c canvas) problems(app status.App) []line {
	var lines []line
	told := root(app)
	left := 0
	for i := range app.Problems {
		switch p := &app.Problems[i]; {
		case p == told && app.State == sync.Failed:
		case i >= mostProblems:
			left++
		default:
			lines = append(lines, c.problem(*p)...)
		}
	}
	if left > 0 {
		lines = append(lines, c.rest("· and %s", plural(left, "more problem")))
	}
	return lines
}

func (c canvas) problem(p health.Problem) []line {
	s := problem(p)
	text := c.first(wrap(line{c.span(s.tone, "! "+s.lead), c.span(plain, s.text)}, c.width, 2), longestPoints, c.width)
	return append(append(text, c.log(s.log)...), c.advice(s.advice)...)
}

// warnings says what is worth knowing and fails nothing.
func (c canvas) warnings(all []string) []line {
	var lines []line
	for _, text := range all[:min(mostProblems, len(all))] {
		l := line{c.span(warn, "! warning"), c.span(plain, ": "+strings.TrimPrefix(text, "warning: "))}
		lines = append(lines, c.first(wrap(l, c.width, 2), longestPoints, c.width)...)
	}
	if left := len(all) - mostProblems; left > 0 {
		lines = append(lines, c.rest("· and %s", plural(left, "more warning")))
	}
	return lines
}
