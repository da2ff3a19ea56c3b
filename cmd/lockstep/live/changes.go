package live

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// longestChange is how many lines one object may take.
const longestChange = 3

// changes lists what became of each object, in kubectl's words. Where there are more than limit, those that did not change
// are counted only, and then the last of the others.
func (c canvas) changes(all []status.Change, limit int) []line {
	shown := all
	if len(all) > limit {
		changed := tally(all, hasChanged)
		shown = pick(all, min(limit, changed), hasChanged)
	}
	lines := make([]line, 0, len(shown)+1)
	for _, ch := range shown {
		lines = append(lines, c.change(ch)...)
	}
	if len(shown) < len(all) {
		lines = append(lines, c.rest("· %s", counts(all, shown)))
	}
	return lines
}

func hasChanged(ch status.Change) bool { return ch.Action != apply.Unchanged }

// change is one object's outcome. What changed in it is worth a second line; that nothing did is not.
func (c canvas) change(ch status.Change) []line {
	mark, tone, text, most := "✓", good, plain, longestChange
	switch ch.Action {
	case apply.Unchanged:
		mark, tone, text, most = "·", dim, dim, 1
	case apply.Skipped:
		mark, tone = "○", warn
	}
	return c.first(wrap(line{c.span(tone, mark+" "), c.span(text, ch.Text)}, c.width, 2), most, c.width)
}

// counts says what is not shown: "and 7 more: 2 configured, 5 unchanged".
func counts(all, shown []status.Change) string {
	count := map[apply.Action]int{}
	for _, ch := range all {
		count[ch.Action]++
	}
	for _, ch := range shown {
		count[ch.Action]--
	}
	var words []string
	for _, action := range []apply.Action{apply.Created, apply.Configured, apply.Pruned, apply.Skipped, apply.Unchanged} {
		if count[action] > 0 {
			words = append(words, fmt.Sprintf("%d %s", count[action], action))
		}
	}
	if len(shown) == 0 {
		return fmt.Sprintf("%s: %s", plural(len(all), "object"), strings.Join(words, ", "))
	}
	return fmt.Sprintf("and %d more: %s", len(all)-len(shown), strings.Join(words, ", "))
}
