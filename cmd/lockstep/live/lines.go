package live

import (
	"context"
	"io"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
)

// clock is how the time of day is written.
const clock = "15:04:05"

// Lines tells what happens to one app in plain lines, each with the time of day and the app's name. It is a
// [sync.Observer].
type Lines struct {
	// Brief leaves a failure's cause out of its line: whoever runs a single pass says it.
	Brief bool

	mu    stdsync.Mutex
	out   io.Writer
	theme theme
	story *story
}

// NewLines returns an observer of app that writes to out, at once. Events of other apps are dropped.
func NewLines(out io.Writer, app sync.App) *Lines {
	return &Lines{out: out, theme: themeOf(out), story: newStory(app)}
}

// Observe writes what is worth saying of event: a new revision, an object that changed, a rollout that moved, a problem
// that was not there before, how it ended. A line that cannot be written is lost.
func (l *Lines) Observe(_ context.Context, event sync.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if event.App != l.story.app.Name {
		return
	}
	for _, s := range l.story.tell(event) {
		if l.Brief && event.Err != nil {
			s.text = ": " + l.story.app.Reason
		}
		_, _ = io.WriteString(l.out, l.line(s, event.At)+"\n")
	}
}

func (l *Lines) line(s sentence, at time.Time) string {
	prefix := line{l.theme.span(dim, at.Format(clock)), l.theme.span(plain, " "+l.story.app.Name+" ")}
	return l.theme.render(append(prefix, s.line(l.theme)...))
}
