package live

import (
	"sort"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// canvas is what a picture is drawn on.
type canvas struct {
	theme
	width  int // columns a line may take, 0 for as many as it likes
	height int // lines the picture may take, 0 for as many as it likes
}

// limits are how many objects, how many rollouts and Services, and how many pods of each workload a picture shows before
// it counts the rest, and how many empty lines there are between its parts.
type limits struct{ changes, meters, pods, gaps int }

const (
	unlimited   = 1 << 20
	mostPods    = 20 // of a workload, on the largest of screens
	mostChanges = 30
	mostMeters  = 30
)

// picture draws what app is at, above the paragraph foot, so that it fits: objects, pods and rollouts are folded to a few,
// then the empty lines go, then all objects and pods. What does not fit even then is left out above the foot.
func (c canvas) picture(app status.App, foot []line) []line {
	if c.height <= 0 {
		return c.draw(app, foot, limits{unlimited, unlimited, unlimited, 1})
	}
	room := limits{mostChanges, mostMeters, mostPods, 1}
	fits := func() bool { return len(c.draw(app, foot, room)) <= c.height }
	for _, fold := range []struct {
		what  *int
		least int
	}{
		{&room.changes, 5},
		{&room.pods, 3},
		{&room.meters, 5},
		{&room.changes, 2},
		{&room.gaps, 0},
		{&room.changes, 0},
		{&room.pods, 0},
	} {
		if fits() {
			break
		}
		shrink(fold.what, fold.least, fits)
	}
	lines := c.draw(app, foot, room)
	if over := len(lines) - c.height; over > 0 {
		above := max(0, c.height-len(foot))
		lines = append(lines[:above:above], foot[max(0, len(foot)-c.height):]...)
	}
	return lines
}

// shrink sets n to the largest number with which it fits, or to least if none does.
func shrink(n *int, least int, fits func() bool) {
	top := *n
	less := sort.Search(top-least, func(less int) bool {
		*n = top - less
		return fits()
	})
	*n = top - less
}

// draw puts the parts of a picture below each other, empty lines between them.
func (c canvas) draw(app status.App, foot []line, l limits) []line {
	parts := [][]line{c.title(app), c.changes(app.Changes, l.changes), c.meters(app, l)}
	if app.State != sync.Syncing { // until then they are those of the commit before
		parts = append(parts, c.problems(app))
	}
	parts = append(parts, c.warnings(app.Warnings), foot)
	var lines []line
	for _, part := range parts {
		if len(part) > 0 {
			lines = append(append(lines, make([]line, l.gaps)...), part...)
		}
	}
	return lines
}

// title names the app and its commit.
func (c canvas) title(app status.App) []line {
	l := line{c.span(bold, app.Name)}
	if seen := app.Revision.Seen; !seen.IsZero() {
		l = append(l, c.span(plain, "  "+seen.String()+"  "), c.span(bold, app.Commit.Message))
		if app.Commit.Author != "" {
			l = append(l, c.span(dim, "  "+app.Commit.Author))
		}
	}
	return c.first(wrap(l, c.width, 2), 3, c.width)
}

// waiting is the last line while a commit goes live: one, so that the block keeps its height while time goes on.
func (c canvas) waiting(s sentence) []line { return []line{c.cut(c.sentence(s), c.width)} }

// foot is a sentence as a paragraph and, below it, the log that it is about, and what to do.
func (c canvas) foot(s sentence) []line {
	lines := append(wrap(c.sentence(s), c.width, 2), c.log(s.log)...)
	return append(lines, c.advice(s.advice)...)
}

// log is the end of a log, a line each.
func (c canvas) log(all []string) []line {
	lines := make([]line, 0, len(all))
	for _, text := range all {
		lines = append(lines, c.cut(c.line(dim, "  | "+text), c.width))
	}
	return lines
}

// later is a paragraph that stands for itself, with the time of day.
func (c canvas) later(s sentence, at time.Time) []line {
	l := append(line{c.span(dim, at.Format(clock)+"  ")}, c.sentence(s)...)
	return append(wrap(l, c.width, 2), c.advice(s.advice)...)
}

func (c canvas) sentence(s sentence) line {
	return line{c.span(s.tone, s.mark()+" "), c.span(s.leadStyle(), s.lead), c.span(s.textStyle(), s.text)}
}

func (c canvas) advice(text string) []line {
	if text == "" {
		return nil
	}
	return wrap(line{c.span(plain, "  → "+text)}, c.width, 4)
}

// paragraph is text of others as it stands, but for its control characters; it may have several lines.
func (c canvas) paragraph(text string) []line {
	var lines []line
	for part := range strings.Lines(text) {
		lines = append(lines, wrap(c.line(plain, strings.TrimRight(part, "\r\n")), c.width, 0)...)
	}
	return lines
}
