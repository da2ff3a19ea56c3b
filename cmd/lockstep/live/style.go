package live

import "strings"

// style is what a piece of text means. Without colour it is lost, so no style says anything that words do not.
type style uint8

const (
	plain style = iota
	bold
	dim
	good
	warn
	bad
)

// codes are the SGR parameters of the styles (ECMA-48, 8.3.117).
var codes = [...]string{plain: "", bold: "1", dim: "2", good: "32", warn: "33", bad: "31"}

// span is a piece of one line. Its text is clean: made by [theme.span], or empty.
type span struct {
	style style
	text  string
}

// line is one line of a picture.
type line []span

// width is how many columns the line takes.
func (l line) width() int {
	n := 0
	for _, s := range l {
		n += columns(s.text)
	}
	return n
}

// theme is how a writer wants its text.
type theme struct {
	colour bool
	ascii  bool
}

// span returns text in a style, cleaned.
func (t theme) span(s style, text string) span { return span{s, t.clean(text)} }

// line returns a line of one span.
func (t theme) line(s style, text string) line { return line{t.span(s, text)} }

// render returns the line as it is written, without its end.
func (t theme) render(l line) string {
	var b strings.Builder
	for _, s := range l {
		if t.colour && s.style != plain && s.text != "" {
			b.WriteString("\x1b[" + codes[s.style] + "m" + s.text + "\x1b[0m")
		} else {
			b.WriteString(s.text)
		}
	}
	return strings.TrimRight(b.String(), " ")
}
