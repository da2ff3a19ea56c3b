package live

import (
	"cmp"
	"strings"

	"github.com/lockstep-dev/lockstep/health"
)

// shortest is how few columns of a pod's name still tell it from the others of its ReplicaSet.
const shortest = 6

// podRow is one pod in columns.
type podRow struct {
	tone  style
	mark  string
	cells [4]string // name, address, node, state
}

// pods lists the pods of a workload, in columns. Where there are more than limit, those that are not ready go first.
// Those that have ended and are left out of the report are counted with the rest. With no room for any, the rollout's numbers
// say enough.
func (c canvas) pods(all []health.Pod, leftOut, limit int) []line {
	if limit == 0 {
		return nil
	}
	shown := pick(all, limit, func(p health.Pod) bool { return !p.Ready })
	rows := make([]podRow, 0, len(shown))
	for _, p := range shown {
		rows = append(rows, c.podRow(p))
	}
	lines := c.podLines(rows)
	if left := len(all) - len(shown) + leftOut; left > 0 {
		lines = append(lines, c.rest("  · and %d more, %d ready", left, tally(all, isReady)-tally(shown, isReady)))
	}
	return lines
}

func isReady(p health.Pod) bool { return p.Ready }

func (c canvas) podRow(p health.Pod) podRow {
	row := podRow{tone: warn, mark: "○", cells: [4]string{p.Name, cmp.Or(p.IP, "-"), cmp.Or(p.Node, "-"), state(p)}}
	switch {
	case !p.Updated:
		row.tone, row.mark = dim, "·"
	case p.Ready:
		row.tone, row.mark = good, "✓"
	case p.Reason != "":
		row.tone, row.mark = bad, "✗"
	}
	for i, cell := range row.cells {
		row.cells[i] = c.clean(cell)
	}
	return row
}

// state is what a pod is at, in kubectl's word while it is not ready.
func state(p health.Pod) string {
	text := p.Status
	switch {
	case p.Ready:
		text = "ready"
	case p.Reason != "" && string(p.Reason) != p.Status:
		text += ", " + string(p.Reason)
	case p.Status == "Running":
		text = "Running, not ready"
	}
	if !p.Updated {
		text += ", old"
	}
	return text
}

// podLines aligns the rows. Where they are too wide, names lose their beginning, which all of them share.
func (c canvas) podLines(rows []podRow) []line {
	var widths [4]int
	for _, row := range rows {
		for i, cell := range row.cells {
			widths[i] = max(widths[i], columns(cell))
		}
	}
	const gaps = 4 + 3*2 // the mark, and between the columns
	if over := widths[0] + widths[1] + widths[2] + widths[3] + gaps - c.width; c.width > 0 && over > 0 {
		widths[0] = max(min(shortest, widths[0]), widths[0]-over)
	}
	lines := make([]line, 0, len(rows))
	for _, row := range rows {
		if columns(row.cells[0]) > widths[0] {
			row.cells[0] = c.dots() + tail(row.cells[0], widths[0]-columns(c.dots()))
		}
		lines = append(lines, c.cut(row.line(c.theme, widths), c.width))
	}
	return lines
}

func (r podRow) line(t theme, widths [4]int) line {
	text := plain
	if r.tone == dim {
		text = dim
	}
	var cells []string
	for i, cell := range r.cells[:3] {
		cells = append(cells, pad(cell, widths[i]))
	}
	return line{
		t.span(r.tone, "  "+r.mark+" "), span{text, strings.Join(cells, "  ") + "  "}, span{r.tone, r.cells[3]},
	}
}
