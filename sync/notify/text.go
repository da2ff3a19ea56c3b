package notify

import (
	"errors"
	"fmt"
	"strings"
	"text/template"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const (
	// longestTemplate is how many bytes a template may have.
	longestTemplate = 4 << 10
	// longestFilled is how many it may have with the fields in it: Teams takes 28 KB of a card.
	longestFilled = 12 << 10
)

// Fields are what a template may show.
type Fields struct {
	App, Cluster                   string
	Repository, Path, Namespace    string
	State, Reason, Message, Advice string
	Revision, Commit, Branch       string
	Author, Subject, Took          string
}

func (n Notice) fields() Fields {
	f := Fields{
		App: n.App, Cluster: n.Cluster, Repository: n.Repository, Path: n.Path, Namespace: n.Namespace,
		State: string(n.State), Reason: n.Reason, Message: n.Message, Advice: n.Advice,
		Commit: n.Revision.Hash, Branch: n.Revision.Ref, Author: n.Author, Subject: n.Subject,
	}
	if !n.Revision.IsZero() {
		f.Revision = n.Revision.String()
	}
	if n.Took > 0 {
		f.Took = status.Spell(n.Took)
	}
	return f
}

// checkText tries the template out, with all that there may be in it and with next to nothing.
func (t Target) checkText() error {
	switch {
	case t.Template == "":
		return nil
	case t.Type == Webhook:
		return wrong("template", "a webhook is told the fields themselves")
	}
	most := Notice{
		App: "a", Cluster: "a", Repository: "a", Path: "a", Namespace: "a", State: sync.Failed, Reason: "a", Message: "a", Advice: "a",
		Revision: git.Revision{Ref: "main", Hash: strings.Repeat("0", 40)}, Author: "a", Subject: "a", Took: time.Second,
	}
	_, err := t.render(most)
	if err == nil {
		_, err = t.render(Notice{App: "a", State: sync.Healthy})
	}
	return err
}

// text is what the target is told of n. What a template has of its own is as it is, but what others wrote, as a commit's message,
// mentions nobody and hides no address.
func (t Target) text(n Notice) string {
	if t.Type == Slack || t.Type == Teams {
		n = n.harmless(t.Type)
	}
	if t.Template == "" {
		return n.text()
	}
	text, err := t.render(n)
	if errors.Is(err, errLong) && text != "" {
		return strings.ToValidUTF8(text[:min(len(text), longestFilled-len("…"))], "") + "…"
	}
	if err != nil {
		return n.text()
	}
	return text
}

// render fills in the template, as far as there is room. It has conditions, and neither loops nor calls of others, so that it ends.
func (t Target) render(n Notice) (string, error) {
	if len(t.Template) > longestTemplate {
		return "", wrong("template", "longer than %d bytes", longestTemplate)
	}
	parsed, err := template.New("").Option("missingkey=error").Funcs(bounded).Parse(t.Template)
	if err != nil || len(parsed.Templates()) > 1 {
		return "", wrong("template", "not a template, or one that defines others")
	}
	if parsed.Tree != nil && !isPlain(parsed.Root) {
		return "", wrong("template", "want fields, if and with: no range, no template, no printf")
	}
	if parsed.Tree != nil && !hasFields(parsed.Root, true) {
		return "", wrong("template", "cannot be filled in: want the fields that there are")
	}
	var out limited
	err = parsed.Execute(&out, n.fields())
	switch {
	case errors.Is(err, errLong):
		return out.String(), fmt.Errorf("%w: %w", wrong("template", "makes more than %d bytes", longestFilled), errLong)
	case err != nil:
		return "", wrong("template", "cannot be filled in: want the fields that there are")
	}
	return out.String(), nil
}

// bounded are the functions of templates that make texts, which end where they would be too long: called on what they have made,
// they could double it a hundred times.
var bounded = template.FuncMap{
	"print": within(fmt.Sprint), "println": within(fmt.Sprintln),
	"html": within(template.HTMLEscaper), "js": within(template.JSEscaper), "urlquery": within(template.URLQueryEscaper),
}

func within(write func(...any) string) func(...any) (string, error) {
	return func(args ...any) (string, error) {
		text := write(args...)
		if len(text) > longestFilled {
			return "", errLong
		}
		return text, nil
	}
}

var errLong = errors.New("too long")

// limited is a text that does not grow beyond what may be sent.
type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if room := longestFilled - l.Len(); len(p) > room {
		_, _ = l.Builder.Write(p[:room])
		return room, errLong
	}
	return l.Builder.Write(p)
}
