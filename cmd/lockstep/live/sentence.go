package live

import (
	"cmp"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// sentence is one thing that is said of an app, for either observer to put in its own form.
type sentence struct {
	tone   style
	lead   string   // in the tone's colour, where there is any
	text   string   // follows the lead without a space
	log    []string // the end of a log that says more
	advice string   // what to do
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
	s := sentence{tone: bad, lead: string(app.State), text: ": " + app.Reason + ": " + app.Message, advice: app.Advice}
	if p := root(app); p != nil {
		s.log, s.advice = p.Log, cmp.Or(s.advice, p.Advice)
	}
	if app.State == sync.Blocked {
		s.text = ": " + app.Message // the guard's own words say why, and what to do
	}
	return s
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
	s := sentence{tone: warn, lead: string(p.Reason), text: ": " + p.Message, log: p.Log, advice: p.Advice}
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
