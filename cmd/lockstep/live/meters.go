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

// gauge is one rollout or one Service in numbers.
type gauge struct {
	label, name string
	meter
}

func gaugeOf(w health.Workload) gauge {
	if isJob(w) {
		return gauge{"completions", w.Name, meter{w.Ready, w.Desired}}
	}
	return gauge{"rollout", w.Name, meter{w.Ready, w.Desired}}
}

func gaugeOfService(s health.Service) gauge {
	return gauge{"endpoints", s.Name, meter{s.EndpointsReady, s.EndpointsExpected}}
}

// meters draws every rollout with its pods, and every Service's endpoints.
func (c canvas) meters(app status.App, pods int) []line {
	var all []gauge
	for _, w := range app.Workloads {
		all = append(all, gaugeOf(w))
	}
	for _, s := range app.Services {
		all = append(all, gaugeOfService(s))
	}
	label, count := 0, 0
	for _, g := range all {
		label = max(label, len(g.label))
		count = max(count, len(g.meter.String()))
	}
	var lines []line
	for i, g := range all {
		lines = append(lines, c.gauge(g, label, count))
		if i < len(app.Workloads) {
			lines = append(lines, c.pods(app.Workloads[i].Pods, pods)...)
		}
	}
	return lines
}

// gauge draws g with its label and its numbers padded to a width.
func (c canvas) gauge(g gauge, label, count int) line {
	tone := warn
	if g.ready == g.wanted {
		tone = good
	}
	full, empty := c.bar(g.meter)
	return c.cut(line{
		c.span(plain, pad(g.label, label+2)), c.span(tone, full), c.span(dim, empty),
		c.span(tone, "  "+padLeft(g.meter.String(), count)), c.span(bold, "  "+g.name),
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
