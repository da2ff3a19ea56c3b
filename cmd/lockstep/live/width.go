package live

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// columns is how many columns of a terminal clean text takes.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

// runeColumns follows Unicode's East Asian Width (UAX 11); what combines with the character before it takes no column.
func runeColumns(r rune) int {
	if r < 0x300 {
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// head returns as much of the beginning of text as fits into room columns.
func head(text string, room int) string {
	for i, r := range text {
		if room -= runeColumns(r); room < 0 {
			return text[:i]
		}
	}
	return text
}

// tail returns as much of the end of text as fits into room columns.
func tail(text string, room int) string {
	rest := columns(text) - room
	for i, r := range text {
		if rest <= 0 {
			return text[i:]
		}
		rest -= runeColumns(r)
	}
	if rest > 0 || room <= 0 {
		return ""
	}
	return text
}

// dots end what was cut.
func (t theme) dots() string { return t.clean("…") }

// cut returns the line in at most room columns, with dots where it was longer. No room at all (0 or less) means no limit.
func (t theme) cut(l line, room int) line {
	if room <= 0 || l.width() <= room {
		return l
	}
	return t.end(l, room)
}

// end returns the line with dots behind it, in at most room columns.
func (t theme) end(l line, room int) line {
	dots := head(t.dots(), room)
	room -= columns(dots)
	var short line
	for _, s := range l {
		kept := head(s.text, room)
		room -= columns(kept)
		short = append(short, span{s.style, kept})
		if kept != s.text {
			break
		}
	}
	last := len(short) - 1
	short[last].text = strings.TrimRight(short[last].text, " ") + dots
	return short
}

// pad returns text with spaces behind it up to a width.
func pad(text string, to int) string {
	return text + strings.Repeat(" ", max(0, to-columns(text)))
}

// padLeft returns text with spaces before it up to a width.
func padLeft(text string, to int) string {
	return strings.Repeat(" ", max(0, to-columns(text))) + text
}
