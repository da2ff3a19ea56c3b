package notify_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/notify"
)

// written are the events of a commit whose author has written so.
func written(r git.Revision, message string) []sync.Event {
	events := healthy(r)
	events[0].Snapshot = &git.Snapshot{Revision: r, Author: message, Message: message}
	return events
}

func TestWhoWritesACommitMentionsNobodyAndHidesNoAddress(t *testing.T) {
	chat, teams := newReceiver(t, nil), newReceiver(t, nil)
	s := newStage(t, repository, slack(t, chat), notify.Target{Name: "teams", Type: notify.Teams, URLFile: file(t, teams.URL)})
	s.tell("web", first, written(first, "<!channel> <@U1> @everyone @ada a@here [x](https://evil.example.com) & ada@example.com")...)
	got := chat.text(t)
	for _, bad := range []string{"<", ">", "](", "@everyone", " @ada", "@here"} {
		if strings.Contains(got, bad) {
			t.Errorf("%q is in %s", bad, got)
		}
	}
	for _, good := range []string{"&lt;!channel&gt;", "&amp; ada@example.com", "main@sha1:1111111"} {
		if !strings.Contains(got, good) {
			t.Errorf("%q is not in %s", good, got)
		}
	}
	if card := teams.next(t).body; strings.Contains(card, "](") {
		t.Error(card)
	}
}

func TestATemplateMayMentionWhereACommitMayNot(t *testing.T) {
	chat := newReceiver(t, nil)
	target := slack(t, chat)
	target.Template = "<!here> {{.Subject}} <https://status.example.com|more>"
	s := newStage(t, repository, target)
	s.tell("web", first, written(first, "<!channel>")...)
	if got := chat.text(t); got != "<!here> &lt;!channel&gt; <https://status.example.com|more>" {
		t.Error(got)
	}
}

func TestALongTextFitsIntoAChat(t *testing.T) {
	for _, letter := range []string{"<", "ä", "&", "x"} {
		chat := newReceiver(t, nil)
		target := slack(t, chat)
		target.Template = "{{.State}}: {{.Message}}{{.Message}}{{.Message}}"
		s := newStage(t, repository, target)
		s.tell("web", first, append(begin(first), fails(strings.Repeat(letter, 1500))...)...)
		got := chat.text(t)
		if len(got) > 2000 || len(got) < 1900 || !strings.HasPrefix(got, "Failed: ") {
			t.Errorf("%d bytes: %s", len(got), got)
		}
		if bare := strings.NewReplacer("&lt;", "", "&amp;", "").Replace(got); strings.ContainsAny(bare, "&<\ufffd") {
			t.Errorf("the end is %s", got[len(got)-20:])
		}
	}
}

func TestATemplateIsCheckedOnEachWayThroughIt(t *testing.T) {
	check := func(template string) error {
		return notify.Target{Name: "x", Type: notify.Slack, URLFile: "f", Template: template}.Check()
	}
	for _, wrong := range []string{
		`{{if eq .App "zzz"}}{{.Nope}}{{end}}`, `{{if .Reason}}{{else}}{{.Nope}}{{end}}`, `{{with .Reason}}{{.App}}{{end}}`, `{{if .Took}}{{gt .Took 5}}{{end}}`,
		`{{$.Nope}}`, `{{$x := .App}}{{if eq $x "zzz"}}{{$x.App.State}}{{end}}`, `{{.App.Len}}`, `{{(print .App).Nope}}`, `{{if eq .App "z"}}{{print (len .Nope)}}{{end}}`,
		`{{(printf "%1000000d" 1).X}}`, `{{index .App 100}}`, "{{call .App}}", "{{break}}", "{{nil}}", `{{block "a" .}}{{end}}`,
	} {
		if check(wrong) == nil {
			t.Errorf("%s is taken", wrong)
		}
	}
	for _, right := range []string{
		`{{with .Reason}}{{.}} of {{$.App}}{{else}}{{.App}}{{end}}`, `{{$x := .App}}{{$x}}{{$.State}}`, `{{if and .Advice (ne .State "Healthy")}}{{.Advice | html}}{{end}}`,
		`{{print .App "/" .Namespace}}{{/* so */}}`, `{{slice .Commit 0}}`, "",
	} {
		if err := check(right); err != nil {
			t.Errorf("%s: %v", right, err)
		}
	}
}

func TestATemplateThatDoublesItsTextEnds(t *testing.T) {
	for _, wrong := range []string{
		strings.Repeat("{{with print . .}}", 120) + strings.Repeat("{{end}}", 120), `{{"\\"` + strings.Repeat("|js", 1000) + "}}",
		"{{$x := .App}}" + strings.Repeat("{{$x = urlquery $x $x}}", 100), "{{$x := .App}}" + strings.Repeat("{{$x = html $x $x}}", 100),
	} {
		if err := (notify.Target{Name: "x", Type: notify.Slack, URLFile: "f", Template: wrong}).Check(); err == nil {
			t.Errorf("%.60s is taken", wrong)
		}
	}
}

func TestEachStateAndReasonMayBeAskedForAndNoOther(t *testing.T) {
	words := append(literals(t, "../reason.go"), literals(t, "../../health/reason.go")...)
	words = append(words, "Pending", "Syncing", "Progressing", "Healthy", "RolledBack", "Failed", "Blocked", "Suspended", "DependencyNotReady", "ByHand")
	if len(words) < 60 {
		t.Fatalf("found only %s", words)
	}
	if err := (notify.Target{Name: "x", Type: notify.Slack, URLFile: "f", On: words}).Check(); err != nil {
		t.Error(err)
	}
	for _, word := range []string{"Faild", "healthy", "ImagePullBackOff", "", "*"} {
		if err := (notify.Target{Name: "x", Type: notify.Slack, URLFile: "f", On: []string{"Failed", word}}).Check(); err == nil {
			t.Errorf("%q is taken", word)
		}
	}
}

// literals are the texts in a file that have the form of a reason.
func literals(t *testing.T, name string) (all []string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			if text, err := strconv.Unquote(literal.Value); err == nil && regexp.MustCompile(`^[A-Z][A-Za-z]+$`).MatchString(text) {
				all = append(all, text)
			}
		}
		return true
	})
	return all
}
