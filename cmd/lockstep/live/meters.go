package live

import (
	"strings"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	barWide   = 12 // cells of a bar
	barNarrow = 6
	narrow    = 60 // columns below which bars are
)

// gauge is one rollout, with its pods, or one Service in numbers.
type gauge struct {
	label, name string
	meter
	pods    []health.Pod
	leftOut int // pods that have ended, beyond those
}

func gaugeOf(w health.Workload) gauge {
	label := "rollout"
	if w.Kind == "Job" {
		label = "completions"
	}
	return gauge{label, w.Name, meter{w.Ready, w.Desired}, w.Pods, w.PodsLeftOut}
}

func gaugeOfService(s health.Service) gauge {
	return gauge{"endpoints", s.Name, meter{s.EndpointsReady, s.EndpointsExpected}, nil, 0}
}

func gauges(app status.App) []gauge {
	all := make([]gauge, 0, len(app.Workloads)+len(app.Services))
	for _, w := range app.Workloads {
		all = append(all, gaugeOf(w))
	}
	for _, s := range app.Services {
		all = append(all, gaugeOfService(s))
	}
	return all
}

// meters draws every rollout with its pods, and every Service's endpoints. Where there are too many, those that are full
// are folded first.
func (c canvas) meters(app status.App, l limits) []line {
	all := gauges(app)
	shown := pick(all, l.meters, func(g gauge) bool { return !g.full() })
	label, count := 0, 0
	for _, g := range shown {
		label = max(label, len(g.label))
		count = max(count, len(g.String()))
	}
	var lines []line
	for _, g := range shown {
		lines = append(lines, c.gauge(g, label, count))
		lines = append(lines, c.pods(g.pods, g.leftOut, l.pods)...)
	}
	if left := len(all) - len(shown); left > 0 {
		lines = append(lines, c.rest("· and %d more, %d complete", left, tally(all, gauge.full)-tally(shown, gauge.full)))
	}
	return lines
}

// gauge draws g with its label and its numbers padded to a width.
func (c canvas) gauge(g gauge, label, count int) line {
	tone := warn
	if g.full() {
		tone = good
	}
	full, empty := c.bar(g.meter)
	return c.cut(line{
		c.span(plain, pad(g.label, label+2)), c.span(tone, full), c.span(dim, empty),
		c.span(tone, "  "+padLeft(g.String(), count)), c.span(bold, "  "+g.name),
	}, c.width)
}

// bar returns the full and the empty cells. Neither end is drawn before it is reached.
func (c canvas) bar(m meter) (full, empty string) {
	cells := barWide
	if c.width > 0 && c.width < narrow {
		cells = barNarrow
	}
	n := cells
	if m.wanted > 0 {
		n = min(cells, m.ready*cells/m.wanted)
	}
	if n == 0 && m.ready > 0 {
		n = 1
	}
	return strings.Repeat("█", n), strings.Repeat("░", cells-n)
}
