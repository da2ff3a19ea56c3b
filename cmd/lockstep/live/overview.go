package live

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// urgency is the order in which states are worth reading: what somebody has to look at, what moves, what is as it should be.
var urgency = []sync.State{
	sync.Failed, sync.Blocked, sync.RolledBack, sync.Progressing, sync.Syncing, sync.Pending, sync.Suspended, sync.Healthy,
}

// Overview writes a [Table] of the apps, those that something is wrong with first, below it how many are in which state,
// and what is wrong with the config.
func Overview(out io.Writer, list status.List, wide bool) {
	overview(out, canvas{theme: themeOf(out), width: room(out)}, list, wide, time.Now())
}

func overview(out io.Writer, c canvas, list status.List, wide bool, now time.Time) {
	apps := slices.Clone(list.Apps)
	slices.SortStableFunc(apps, func(a, b status.App) int {
		return cmp.Compare(slices.Index(urgency, a.State), slices.Index(urgency, b.State))
	})
	table(out, c, apps, wide, now)
	var lines []line
	if len(apps) > 1 {
		lines = append(append(lines, line{}), wrap(c.counted(apps), c.width, 2)...)
	}
	if len(list.Problems) > 0 {
		lines = append(lines, line{})
	}
	for _, problem := range list.Problems {
		lines = append(lines, wrap(line{c.span(bad, "✗ config"), c.span(plain, ": "+problem)}, c.width, 2)...)
	}
	c.write(out, lines)
}

// counted says how many apps are in which state: "1,000 apps: 997 healthy, 2 progressing, 1 failed".
func (c canvas) counted(apps []status.App) line {
	l := line{c.span(plain, thousands(len(apps))+" apps: ")}
	for i, state := range slices.Backward(urgency) {
		n := tally(apps, func(app status.App) bool { return app.State == state })
		if n == 0 {
			continue
		}
		if len(l) > 1 {
			l = append(l, c.span(plain, ", "))
		}
		l = append(l, c.span(toneOf(urgency[i]), thousands(n)+" "+inProse(state)))
	}
	return l
}

// inProse is a state as a word of a sentence.
func inProse(state sync.State) string {
	if state == sync.RolledBack {
		return "rolled back"
	}
	return strings.ToLower(string(state))
}

// thousands writes a number with commas.
func thousands(n int) string {
	if n < 1000 {
		return strconv.Itoa(n)
	}
	return fmt.Sprintf("%s,%03d", thousands(n/1000), n%1000)
}
