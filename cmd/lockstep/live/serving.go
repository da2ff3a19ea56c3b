package live

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// mostLosses is how many times that Services were below their count one sentence tells.
const mostLosses = 3

// changeover says how the pods of a commit were changed over, after what the app stands on; empty where none were.
func changeover(app status.App) string {
	if text := app.Rollout.String(); text != "" {
		return "; " + text
	}
	return ""
}

// losses says how long Services were below their count, after what the app stands on; empty where none was.
func losses(over []status.Incident) string {
	var text strings.Builder
	for _, i := range over[max(0, len(over)-mostLosses):] {
		text.WriteString("; " + i.String())
	}
	return text.String()
}

// incidents lists when Services were below their count, the oldest first, in the words of a log.
func (c canvas) incidents(app status.App, now time.Time) []line {
	var lines []line
	for _, i := range app.Incidents {
		text := i.String()
		if i.Until.IsZero() {
			text = fmt.Sprintf("%s is below %s for %s", i.Service, plural(i.Expected, "endpoint"), spell(now.Sub(i.From)))
		}
		text += fmt.Sprintf(", %d at the lowest", i.Lowest)
		if i.Reason != "" {
			text += ": " + string(i.Reason)
		}
		tone := warn
		if !i.Until.IsZero() {
			tone = dim
		}
		lines = append(lines, wrap(line{c.span(dim, i.From.Format(clock)+"  "), c.span(tone, text)}, c.width, 2)...)
	}
	return lines
}
