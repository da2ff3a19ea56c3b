package live

import (
	"cmp"
	"fmt"
	"strconv"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// plural counts in words: 1 pod, 3 pods.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// since says how long after the commit a moment was, or how long after the daemon saw it where the source cannot tell
// when that was.
func since(app status.App, at time.Time) string {
	if len(app.Timeline) == 0 {
		return ""
	}
	begin := app.Timeline[0]
	if begin.Step == status.Committed {
		return spell(at.Sub(begin.At)) + " after the commit"
	}
	return spell(at.Sub(begin.At)) + " after it was seen"
}

// healthy closes a commit that serves. A scale says by itself how long it took.
func healthy(app status.App, at time.Time) sentence {
	text := app.Scaled()
	standing := app.Standing()
	if answered := app.Answered(); answered != "" {
		standing += "; " + answered
	}
	if when := since(app, at); text == "" && when != "" {
		text = standing + ", " + when
	}
	return sentence{tone: good, lead: string(sync.Healthy), text: ": " + cmp.Or(text, standing) + changeover(app)}
}

// healthyAgain says that the app came back, so long after it left, and which Services were below their count.
func healthyAgain(app status.App, away time.Duration, over []status.Incident) sentence {
	return sentence{
		tone: good, lead: string(sync.Healthy),
		text: fmt.Sprintf(" again after %s: %s%s", spell(away), app.Standing(), losses(over)),
	}
}

// waiting says what an app is at while its commit goes live, and for how long. What its problems say is not said twice.
func waiting(app status.App, now time.Time) sentence {
	s := sentence{tone: warn, lead: string(app.State)}
	if when := since(app, now); when != "" {
		s.text = ", " + when
	}
	switch {
	case app.State == sync.Suspended, app.Reason == "DependencyNotReady":
		s.tone, s.text = dim, ": "+app.Message
	case app.State == sync.Pending:
		s.text = ": waiting for a first commit of " + app.Repository
	case app.State == sync.Syncing && app.Objects.Total == 0:
		s.text += ": reading the commit"
	case app.State == sync.Syncing:
		s.text += fmt.Sprintf(": %d of %s done", len(app.Changes), plural(app.Objects.Total, "object"))
	case root(app) != nil:
		s.text += ": " + app.Reason
	case app.Message == "":
		s.text += ": waiting for the cluster"
	default:
		s.text += ": " + app.Message
	}
	return s
}

// superseded closes a commit that a newer one has overtaken.
func superseded(by git.Revision) sentence {
	return sentence{tone: dim, text: "superseded by " + by.String()}
}
