package notify

import (
	"cmp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// longestText is how many bytes of a message leave the daemon.
const longestText = 2 << 10

// Notice is what an app has come to.
type Notice struct {
	App        string
	Cluster    string // as the target that is told calls it; empty if it does not
	Repository string
	Path       string
	Namespace  string
	State      sync.State
	Reason     string // in one word; empty when healthy
	Message    string // what it stands on, or why it does not
	Advice     string // what to do, where that is known
	Revision   git.Revision
	Author     string
	Subject    string // the first line of the commit's message
	Took       time.Duration
	At         time.Time
	id         string // the same for each attempt to send it
	ended      bool   // the revision gets no verdict: this is the last that is said of it
}

// noticeOf is what app has come to with event. Of a repository that cannot be read no revision is to blame.
func noticeOf(app status.App, event sync.Event, clean func(string) string) Notice {
	n := Notice{
		App: app.Name, Repository: clean(app.Repository), Path: app.Path, Namespace: app.Namespace, State: app.State, Reason: app.Reason,
		Revision: app.Revision.Seen, Author: clean(app.Commit.Author), Subject: clean(app.Commit.Message), At: event.At,
	}
	if event.Err != nil && event.Err.Step == sync.StepFetch {
		n.Revision, n.Author, n.Subject = git.Revision{}, "", ""
	}
	n.Message = cut(clean(app.Message), longestText)
	if n.State == sync.Healthy {
		n.Message = app.Standing()
		if at := app.Timeline.At(status.Healthy); at != nil && !app.Since.After(at.At) && wrote(app) {
			n.Took = app.Timeline.Total()
			n.Message += " in " + status.Spell(n.Took)
		}
		return n
	}
	n.Advice = cut(clean(app.Advice), longestText)
	return n
}

// wrote reports whether the commit seen last changed an object.
func wrote(app status.App) bool {
	return app.Objects.Created+app.Objects.Configured+app.Objects.Pruned > 0
}

// same reports whether n says no more than other.
func (n Notice) same(other Notice) bool {
	return n.State == other.State && n.Reason == other.Reason && n.Revision == other.Revision
}

// over reports whether n is a verdict on its commit.
func (n Notice) over() bool {
	return n.State != sync.Syncing && n.State != sync.Progressing && n.State != sync.Pending
}

// summary is the reason and the message in one line.
func (n Notice) summary() string {
	if n.Reason == "" || strings.HasPrefix(n.Message, n.Reason+":") {
		return cmp.Or(n.Message, string(n.State))
	}
	return strings.TrimSuffix(n.Reason+": "+n.Message, ": ")
}

// text is what people read of it without a template.
func (n Notice) text() string {
	text := n.App
	if n.Cluster != "" {
		text += " in " + n.Cluster
	}
	text += " is " + string(n.State) + ": " + n.summary()
	if !n.Revision.IsZero() {
		text += " (" + n.Revision.String()
		if n.Author != "" {
			text += ", " + n.Author + ": " + n.Subject
		}
		text += ")"
	}
	if n.Advice != "" {
		text += "\n" + n.Advice
	}
	return text
}

// oneLine is a text without line breaks, and without other characters that cannot be seen.
func oneLine(text string) string {
	printable := func(r rune) rune {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}
	return strings.Join(strings.Fields(strings.Map(printable, text)), " ")
}

// cut returns text of at most so many bytes.
func cut(text string, longest int) string {
	if len(text) <= longest {
		return text
	}
	return strings.ToValidUTF8(text[:longest-len("…")], "") + "…"
}
