package live

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// clean returns text as one line that is safe on a terminal: line breaks become "; ", and whatever is not printed (control
// characters, bidirectional overrides, broken UTF-8) becomes an escape as in a Go string. Where the writer knows only
// ASCII, so does everything beyond it, but for the marks, which have a substitute. Clean text stays as it is.
func (t theme) clean(text string) string {
	if t.ascii {
		text = plainMarks.Replace(text)
	}
	if strings.ContainsAny(text, "\r\n") {
		text = joinLines(text)
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case r == '\t':
			b.WriteByte(' ')
		case t.prints(r, size):
			b.WriteRune(r)
		default:
			quoted := strconv.QuoteToASCII(text[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// Line returns text as one line that is safe on a terminal and in a log, as all lines of this package are.
func Line(text string) string { return theme{}.clean(text) }

func (t theme) prints(r rune, size int) bool {
	if t.ascii && r >= utf8.RuneSelf {
		return false
	}
	return unicode.IsPrint(r) && (r != utf8.RuneError || size > 1)
}

// plainMarks are the substitutes of our own marks.
var plainMarks = strings.NewReplacer(
	"✓", "+", "✗", "x", "○", "o", "·", "-", "→", "->", "…", "...", "█", "#", "░", ".")

// joinLines makes one line of several, and drops the empty ones.
func joinLines(text string) string {
	var kept []string
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == '\n' || r == '\r' }) {
		if part = strings.TrimSpace(part); part != "" {
			kept = append(kept, part)
		}
	}
	return strings.Join(kept, "; ")
}
