package live

import (
	"cmp"
	"io"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	longestMessage = 80  // columns of a message, where its line has no end
	spacious       = 100 // columns in which a table with whole revisions has some left for messages
)

// Table writes one line an app under a header, and nothing but the header when there is none. Wide adds where each app
// comes from and how far its commits got, and the whole message. On a terminal, lines end where it does, unless
// they are wide.
func Table(out io.Writer, apps []status.App, wide bool) {
	table(out, canvas{theme: themeOf(out), width: room(out)}, apps, wide, time.Now())
}

func table(out io.Writer, c canvas, apps []status.App, wide bool, now time.Time) {
	if wide {
		c.width = 0
	}
	rows := []line{c.header(wide)}
	for _, app := range apps {
		rows = append(rows, c.row(app, wide, now))
	}
	for _, l := range c.align(rows, wide) {
		_, _ = io.WriteString(out, c.render(l)+"\n")
	}
}

func (c canvas) header(wide bool) line {
	names := []string{"NAME", "STATE", "REVISION", "READY", "ENDPOINTS", "SINCE"}
	if wide {
		names = append(names, "NAMESPACE", "REPOSITORY", "PATH", "APPLIED", "HEALTHY")
	}
	var l line
	for _, name := range append(names, "MESSAGE") {
		l = append(l, c.span(dim, name))
	}
	return l
}

func (c canvas) row(app status.App, wide bool, now time.Time) line {
	cells := []span{
		c.span(bold, app.Name), c.span(toneOf(app.State), string(app.State)), c.cell(c.revision(app.Revision.Seen)),
		c.cell(readiness(app.Workloads)), c.cell(coverage(app.Services)), c.cell(age(app.Since, now)),
	}
	if wide {
		cells = append(cells, c.cell(app.Namespace), c.cell(app.Repository), c.cell(app.Path),
			c.cell(short(app.Revision.Applied)), c.cell(short(app.Revision.Healthy)))
	}
	text := summary(app)
	if wide && app.State == sync.Healthy {
		text += changeover(app)
	}
	return append(cells, c.cell(text))
}

// revision leaves the branch out where a line has no room for it.
func (c canvas) revision(r git.Revision) string {
	if r.IsZero() || c.width > 0 && c.width < spacious {
		return short(r)
	}
	return r.String()
}

// cell is never empty, so that every row has as many words as the header.
func (c canvas) cell(text string) span { return c.span(plain, cmp.Or(text, "-")) }

// align pads all columns but the last, and cuts the last where it is not meant to be whole.
func (c canvas) align(rows []line, whole bool) []line {
	last := len(rows[0]) - 1
	widths := make([]int, last)
	for _, row := range rows {
		for i := range widths {
			widths[i] = max(widths[i], columns(row[i].text))
		}
	}
	for r, row := range rows {
		for i := range widths {
			row[i].text = pad(row[i].text, widths[i]+2)
		}
		if !whole {
			row[last] = c.cut(line{row[last]}, longestMessage)[0]
		}
		rows[r] = c.cut(row, c.width)
	}
	return rows
}

// toneOf is the colour of a state.
func toneOf(state sync.State) style {
	switch state {
	case sync.Healthy:
		return good
	case sync.Failed, sync.Blocked:
		return bad
	case sync.Pending, sync.Suspended:
		return dim
	}
	return warn
}

// summary is the app's state in a few words.
func summary(app status.App) string {
	switch {
	case app.State == sync.Healthy:
		return app.Standing()
	case app.State == sync.Suspended, app.State == sync.RolledBack, app.Reason == "DependencyNotReady":
		return app.Message // the state says the reason
	case app.Reason == "" || app.Reason == string(health.RolloutInProgress):
		return app.Message
	}
	return app.Reason + ": " + app.Message
}

func readiness(workloads []health.Workload) string {
	if len(workloads) == 0 {
		return ""
	}
	var sum meter
	for _, w := range workloads {
		sum.ready += w.Ready
		sum.wanted += w.Desired
	}
	return sum.String()
}

func coverage(services []health.Service) string {
	if len(services) == 0 {
		return ""
	}
	var sum meter
	for _, s := range services {
		sum.ready += s.EndpointsReady
		sum.wanted += s.EndpointsExpected
	}
	return sum.String()
}

func age(since, now time.Time) string {
	if since.IsZero() {
		return ""
	}
	text := strings.Fields(spell(now.Sub(since).Truncate(time.Second)))
	return text[0] + " " + text[1] // the larger unit is enough for a table
}

// short is a revision's hash as people read it.
func short(r git.Revision) string { return r.Hash[:min(7, len(r.Hash))] }
