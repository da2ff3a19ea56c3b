package notify

import (
	"errors"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// longestTemplate is how many bytes a template may have.
const longestTemplate = 4 << 10

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

// checkText tries the template out.
func (t Target) checkText() error {
	switch {
	case t.Template == "":
		return nil
	case t.Type == Webhook:
		return wrong("template", "a webhook is told the fields themselves")
	}
	_, err := t.render(Notice{App: "web", State: sync.Healthy, Revision: git.Revision{Ref: "main", Hash: strings.Repeat("0", 40)}})
	return err
}

// text is what the target is told of n.
func (t Target) text(n Notice) string {
	if t.Template == "" {
		return n.text()
	}
	text, err := t.render(n)
	if err != nil { // it was tried out: only its length can be wrong
		return n.text()
	}
	return text
}

// render fills in the template. It has conditions, and neither loops nor calls of others, so that it ends.
func (t Target) render(n Notice) (string, error) {
	if len(t.Template) > longestTemplate {
		return "", wrong("template", "longer than %d bytes", longestTemplate)
	}
	parsed, err := template.New("").Option("missingkey=error").Parse(t.Template)
	if err != nil || len(parsed.Templates()) > 1 {
		return "", wrong("template", "not a template, or one that defines others")
	}
	if parsed.Tree != nil && !isPlain(parsed.Root) {
		return "", wrong("template", "want fields, if and with: no range, no template, no printf")
	}
	var out limited
	if err := parsed.Execute(&out, n.fields()); err != nil {
		return "", wrong("template", "cannot be filled in: want the fields that there are, and %d bytes at most", longestText)
	}
	return out.String(), nil
}

// isPlain reports whether a template has nothing in it that could go on for ever.
func isPlain(node parse.Node) bool {
	switch node := node.(type) {
	case *parse.ListNode:
		if node == nil {
			return true
		}
		for _, child := range node.Nodes {
			if !isPlain(child) {
				return false
			}
		}
		return true
	case *parse.TextNode, *parse.CommentNode:
		return true
	case *parse.ActionNode:
		return isBounded(node.Pipe)
	case *parse.IfNode:
		return isBounded(node.Pipe) && isPlain(node.List) && isPlain(node.ElseList)
	case *parse.WithNode:
		return isBounded(node.Pipe) && isPlain(node.List) && isPlain(node.ElseList)
	}
	return false
}

// isBounded reports whether a pipeline calls nothing that makes long texts of short ones.
func isBounded(pipe *parse.PipeNode) bool {
	for _, command := range pipe.Cmds {
		for _, arg := range command.Args {
			switch arg := arg.(type) {
			case *parse.IdentifierNode:
				if arg.Ident == "printf" || arg.Ident == "call" {
					return false
				}
			case *parse.PipeNode:
				if !isBounded(arg) {
					return false
				}
			}
		}
	}
	return true
}

var errLong = errors.New("too long")

// limited is a text that does not grow beyond what may be sent.
type limited struct{ strings.Builder }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > longestText {
		return 0, errLong
	}
	return l.Builder.Write(p)
}
