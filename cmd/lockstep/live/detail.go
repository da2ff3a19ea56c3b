package live

import (
	"io"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// Detail writes all that is known of one app: the picture of a [Terminal]'s last frame, whole, and where the time of its
// commit went.
func Detail(out io.Writer, app status.App) {
	detail(out, canvas{theme: themeOf(out), width: room(out)}, app, time.Now())
}

func detail(out io.Writer, c canvas, app status.App, now time.Time) {
	lines := c.picture(app, c.foot(standing(app, now)))
	if len(app.Timeline) > 0 {
		lines = append(append(lines, line{}), c.times(app.Timeline)...)
	}
	c.write(out, lines[1:]) // a picture begins with an empty line
}

func (c canvas) write(out io.Writer, lines []line) {
	for _, l := range lines {
		_, _ = io.WriteString(out, c.render(l)+"\n")
	}
}

// standing says what an app is at and for how long.
func standing(app status.App, now time.Time) sentence {
	var s sentence
	switch app.State {
	case sync.Healthy:
		s = sentence{tone: good, lead: string(app.State), text: ": " + app.Standing()}
	case sync.RolledBack:
		s = rolledBack(app)
	case sync.Failed, sync.Blocked:
		s = failure(app)
	default:
		return waiting(app, now)
	}
	if !app.Since.IsZero() {
		s.text = " for " + spell(now.Sub(app.Since).Truncate(time.Second)) + s.text
	}
	return s
}

// Times writes where the time of a commit went, a line for each mark: how long after the first, and after the one before.
func Times(out io.Writer, timeline status.Timeline) {
	c := canvas{theme: themeOf(out), width: room(out)}
	c.write(out, c.times(timeline))
}

func (c canvas) times(timeline status.Timeline) []line {
	var total, step, names int
	for i, mark := range timeline {
		total = max(total, len(spell(mark.At.Sub(timeline[0].At))))
		step = max(step, len(spell(mark.At.Sub(timeline[max(0, i-1)].At))))
		names = max(names, len(markName(mark.Step)))
	}
	lines := make([]line, 0, len(timeline))
	for i, mark := range timeline {
		l := line{
			c.span(plain, pad(markName(mark.Step), names+2)),
			c.span(bold, padLeft(spell(mark.At.Sub(timeline[0].At)), total)),
		}
		if i > 0 {
			l = append(l, c.span(dim, "  + "+padLeft(spell(mark.At.Sub(timeline[i-1].At)), step)))
		}
		lines = append(lines, c.cut(l, c.width))
	}
	return lines
}

// markName is what people call a mark.
func markName(step string) string {
	switch step {
	case status.PodsReady:
		return "pods ready"
	case status.EndpointsReady:
		return "endpoints ready"
	}
	return step
}
