package git

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText bounds, in bytes, what is quoted of a text that others wrote.
const maxText = 200

// printable returns s as it may stand in a terminal or a log: control and other invisible characters, which could
// forge lines or hide text, become escapes, and what is longer than maxText ends in dots.
func printable(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		if b.Len() >= maxText {
			b.WriteString("...")
			break
		}
		if unicode.IsPrint(r) && (r != utf8.RuneError || size > 1) {
			b.WriteRune(r)
		} else {
			quoted := strconv.Quote(s[i : i+size])
			b.WriteString(quoted[1 : len(quoted)-1])
		}
		i += size
	}
	return b.String()
}

// firstLine returns the first line of a text that is not empty, without the space around it.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return strings.TrimSpace(line)
}
