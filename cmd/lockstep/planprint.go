package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"html"
	"io"
	"os"
	"strings"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
)

// print writes the report in a format of --output.
func (r *planReport) print(out io.Writer, format string) error {
	var text bytes.Buffer
	switch format {
	case outputJSON:
		if err := r.json(&text); err != nil {
			return err
		}
	case outputMarkdown:
		r.markdown(&text)
	default:
		r.text(&text, isColoured(out))
	}
	_, err := out.Write(text.Bytes())
	return err
}

func (r *planReport) json(out io.Writer) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	if r.Many {
		return encoder.Encode(append([]plannedApp{}, r.Apps...))
	}
	return encoder.Encode(r.Apps[0])
}

// isColoured reports whether out is a terminal that wants colour (no-color.org).
func isColoured(out io.Writer) bool {
	file, isFile := stdoutFile(out)
	return isFile && live.IsTerminal(file) && os.Getenv("NO_COLOR") == ""
}

// planColours are the SGR parameters (ECMA-48, 8.3.117) of the signs.
var planColours = map[byte]string{'+': "32", '-': "31", '~': "33", '!': "33"}

// text writes what a person reads. Of many apps it leaves out those of which there is nothing to say.
func (r *planReport) text(out io.Writer, colour bool) {
	for _, app := range r.Apps {
		lines := app.lines()
		if len(r.Apps) > 1 && len(lines) == 0 && len(app.Errors) == 0 {
			continue
		}
		_, _ = fmt.Fprintln(out, oneLineOf(app.title()+" of "+r.Cluster))
		for _, line := range lines {
			_, _ = fmt.Fprintln(out, line.render(colour))
		}
		if n := len(app.Errors); n > 0 {
			_, _ = fmt.Fprintln(out, planLine{sign: '!', text: fmt.Sprintf("no plan: %s", counted(n, "error"))}.render(colour))
		}
		_, _ = fmt.Fprintln(out)
	}
	_, _ = fmt.Fprintln(out, "Plan: "+r.summary())
}

// title reads "web: manifests of /srv/shop at main@sha1:3f2a1c9, to namespace shop".
func (a plannedApp) title() string {
	return fmt.Sprintf("%s: %s of %s at %s, to namespace %s", a.Name, a.Path, a.Repository, a.shown, a.Namespace)
}

func (l planLine) render(colour bool) string {
	text := string(l.sign) + " " + oneLineOf(l.text)
	if sgr, has := planColours[l.sign]; colour && has {
		text = "\x1b[" + sgr + "m" + text + "\x1b[0m"
	}
	if l.field {
		text = "    " + text
	}
	return text
}

// summary counts what is to change, and of many apps in how many of them.
func (r *planReport) summary() string {
	text := r.total().String()
	changing, failed := 0, 0
	for _, app := range r.Apps {
		if app.Summary.writes() > 0 {
			changing++
		}
		if len(app.Errors) > 0 || app.Blocked != nil {
			failed++
		}
	}
	if len(r.Apps) > 1 {
		text += fmt.Sprintf(", in %d of %d apps", changing, len(r.Apps))
	}
	if failed > 0 {
		text += "; " + counted(failed, "app") + " with errors"
	}
	return text
}

func counted(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// longestMarkdown is how many bytes of diff a comment takes: GitHub's hold 65,536 characters.
const longestMarkdown = 50_000

// markdown writes what a person reads in a comment on a pull request: the summary, and the diffs folded away.
func (r *planReport) markdown(out io.Writer) {
	_, _ = fmt.Fprintf(out, "**Lockstep plan**: %s\n", r.summary())
	wrong := r.wrong()
	fenced(out, "", cutTo(wrong, longestMarkdown/5))
	left := longestMarkdown
	for _, app := range r.Apps {
		lines := app.lines()
		if len(lines) == 0 {
			continue
		}
		var diff []string
		for _, line := range lines {
			diff = append(diff, line.inDiff())
		}
		diff = cutTo(diff, left)
		if len(diff) == 0 {
			_, _ = fmt.Fprintln(out, "\nThe rest is too long for a comment.")
			return
		}
		left -= len(strings.Join(diff, "\n"))
		_, _ = fmt.Fprintf(out, "\n<details><summary>%s (%s)</summary>\n", html.EscapeString(oneLineOf(app.title())), app.Summary)
		fenced(out, "diff", diff)
		_, _ = fmt.Fprintln(out, "\n</details>")
	}
}

// cutTo returns as many of lines as fit into so many bytes, and counts the rest; nothing when not even one fits.
func cutTo(lines []string, room int) []string {
	for i, line := range lines {
		if room -= len(line) + 1; room >= 0 {
			continue
		}
		if i == 0 {
			return nil
		}
		return append(lines[:i:i], fmt.Sprintf("  and %d more lines", len(lines)-i))
	}
	return lines
}

// inDiff is the line as a highlighter of diffs colours it: by what it begins with. What may be in it is no end of a fence, as
// there is something before it.
func (l planLine) inDiff() string {
	indent := " "
	if l.field {
		indent = "     "
	}
	return strings.TrimRight(string(l.sign)+indent+oneLineOf(l.text), " ")
}

// fenced writes lines as a block of code, nothing when there are none.
func fenced(out io.Writer, language string, lines []string) {
	if len(lines) == 0 {
		return
	}
	_, _ = fmt.Fprintf(out, "\n```%s\n%s\n```\n", language, strings.Join(lines, "\n"))
}
