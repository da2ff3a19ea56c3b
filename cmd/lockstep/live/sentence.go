package live

import (
	"strings"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// sentence is one thing that is said of an app, for either observer to put in its own form.
type sentence struct {
	tone   style
	lead   string // in the tone's colour, where there is any
	text   string // follows the lead without a space
	advice string // what to do
}

// line is the sentence as one line, the advice behind an arrow.
func (s sentence) line(t theme) line {
	l := line{t.span(s.leadStyle(), s.lead), t.span(s.textStyle(), s.text)}
	if s.advice != "" {
		l = append(l, t.span(plain, " → "+s.advice))
	}
	return l
}

func (s sentence) leadStyle() style {
	if s.tone == dim {
		return plain
	}
	return s.tone
}

func (s sentence) textStyle() style {
	if s.tone == dim {
		return dim
	}
	return plain
}

// mark is what stands before the sentence on a terminal.
func (s sentence) mark() string { return marks[s.tone] }

var marks = [...]string{plain: "·", bold: "·", dim: "·", good: "✓", warn: "○", bad: "✗"}

// failure is the sentence that closes a commit that came to nothing.
func failure(app status.App) sentence {
	s := sentence{tone: bad, lead: string(app.State), text: ": " + app.Reason + ": " + because(app), advice: advise(app)}
	if app.State == sync.Blocked {
		s.text = ": " + because(app) // the guard's own words say why, and what to do
	}
	return s
}

// because is the app's message without what the reader has in front of them already: the app's name, the revision, and
// the reason.
func because(app status.App) string {
	text := strings.TrimPrefix(app.Message, app.Name+" ")
	if strings.HasPrefix(text, "@") {
		_, text, _ = strings.Cut(text, " ")
	}
	text = strings.TrimPrefix(text, "not healthy: ")
	return strings.TrimPrefix(text, app.Reason+": ")
}

// advise says what to do about the app's reason: what the health says, or else what is known of the reason.
func advise(app status.App) string {
	if p := root(app); p != nil {
		return p.Advice
	}
	return advice[app.Reason]
}

// root is the problem that the app's reason is about, nil if it is about none.
func root(app status.App) *health.Problem {
	for i := range app.Problems {
		if string(app.Problems[i].Reason) == app.Reason {
			return &app.Problems[i]
		}
	}
	return nil
}

// problem is the sentence about one thing that is wrong.
func problem(p health.Problem) sentence {
	s := sentence{tone: warn, lead: string(p.Reason), text: ": " + p.Message, advice: p.Advice}
	if p.Object.Name != "" {
		s.text = ": " + p.Object.String() + ": " + p.Message
	}
	if place := p.Place(); place != "" {
		s.text = ": " + place + s.text
	}
	if p.Terminal {
		s.tone = bad
	}
	return s
}
