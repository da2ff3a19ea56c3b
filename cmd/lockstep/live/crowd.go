package live

import (
	"context"
	"fmt"
	"io"
	"strings"
	stdsync "sync"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// Crowd tells what happens to many apps in plain lines: of each app how its commit ended, what became of it afterwards, and
// one line more for a commit that several apps have come to the end of. What an app changes on the way is not told: a
// commit may be about a thousand of them. It is a [sync.Observer].
type Crowd struct {
	mu      stdsync.Mutex
	out     io.Writer
	theme   theme
	stories map[string]*story
	waits   map[string]string // what was said last that an app waits for
	commits map[landing]*march
}

// landing is one commit of one repository.
type landing struct {
	repository string
	revision   git.Revision
}

// march is how far the apps have come that a commit is about.
type march struct {
	message         string
	underway        map[string]bool
	healthy, failed int
	began           time.Time
	committed       bool // it began with the commit, not when it was seen
}

// NewCrowd returns an observer of all apps that writes to out, at once.
func NewCrowd(out io.Writer) *Crowd {
	return &Crowd{out: out, theme: themeOf(out), stories: map[string]*story{}, waits: map[string]string{}, commits: map[landing]*march{}}
}

// Observe writes what is worth saying of event. A line that cannot be written is lost.
func (c *Crowd) Observe(_ context.Context, event sync.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.stories[event.App]
	switch {
	case event.Left:
		delete(c.stories, event.App)
		delete(c.waits, event.App)
		c.say(event, sentence{tone: dim, text: "is not kept in step any more"})
		return
	case event.Joined != nil && s == nil:
		s = newStory(*event.Joined)
		c.stories[event.App] = s
	case s == nil:
		return
	}
	c.tell(s, event)
	if event.Record != nil || event.Err != nil {
		delete(c.waits, event.App)
		c.arrive(s, event)
	}
}

// tell says what is worth saying of an app that is known.
func (c *Crowd) tell(s *story, event sync.Event) {
	wasOver := s.over
	said := s.tell(event)
	switch {
	case event.Joined != nil && event.Joined.Suspend:
		c.say(event, sentence{tone: warn, lead: string(sync.Suspended), text: ": left as it is, as the config says"})
	case event.Waits != "" && event.Waits != c.waits[event.App]:
		c.waits[event.App] = event.Waits
		c.say(event, sentence{tone: dim, text: event.Waits})
	case event.Snapshot != nil:
		c.march(s, event)
	case wasOver || s.over || event.Report != nil && s.app.State == sync.Failed:
		for _, one := range said {
			c.say(event, one)
		}
	}
}

func (c *Crowd) say(event sync.Event, s sentence) {
	prefix := line{c.theme.span(dim, event.At.Format(clock)), c.theme.span(plain, " "+event.App+" ")}
	_, _ = io.WriteString(c.out, c.theme.render(append(prefix, s.line(c.theme)...))+"\n")
}

// march notes that an app has set out for a commit, and has left the one before.
func (c *Crowd) march(s *story, event sync.Event) {
	for _, m := range c.commits {
		delete(m.underway, event.App)
	}
	to := landing{s.app.Repository, event.Revision}
	m := c.commits[to]
	if m == nil {
		first := s.app.Timeline[0]
		m = &march{
			message: s.app.Commit.Message, underway: map[string]bool{}, began: first.At, committed: first.Step == status.Committed,
		}
		c.commits[to] = m
	}
	m.underway[event.App] = true
}

// arrive notes that a pass of an app has ended, and says how the commit ended once no app is on its way any more.
func (c *Crowd) arrive(s *story, event sync.Event) {
	at := landing{s.app.Repository, event.Revision}
	m := c.commits[at]
	if m == nil || !m.underway[event.App] {
		return
	}
	delete(m.underway, event.App)
	if event.Record != nil && event.Record.State != sync.RolledBack {
		m.healthy++
	} else {
		m.failed++
	}
	if len(m.underway) > 0 {
		return
	}
	delete(c.commits, at)
	if m.healthy+m.failed > 1 {
		_, _ = io.WriteString(c.out, c.theme.render(m.line(c.theme, at, event.At))+"\n")
	}
}

// line is how a commit ended.
func (m *march) line(t theme, at landing, now time.Time) line {
	name := at.repository[strings.LastIndex(at.repository, "/")+1:]
	tone, text := good, plural(m.healthy, "app")+" healthy"
	if m.failed > 0 {
		tone, text = bad, fmt.Sprintf("%s, %d failed", text, m.failed)
	}
	after := " after it was seen"
	if m.committed {
		after = " after the commit"
	}
	return line{
		t.span(dim, now.Format(clock)), t.span(plain, " "), t.span(bold, strings.TrimSuffix(name, ".git")+" "+at.revision.String()),
		t.span(plain, fmt.Sprintf(" %q: ", m.message)), t.span(tone, text), t.span(plain, ", "+spell(now.Sub(m.began))+after),
	}
}
