package manifest

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error is one problem, and where it is. Its text is one line of at most [MaxText] bytes, without control characters,
// and never holds a value of a Secret.
type Error struct {
	File     string // path inside the fs.FS; empty when it is about all files together
	Line     int    // 1-based; 0 when it is about the whole file
	Document int    // 1-based, in its file; 0 when it is about the whole file
	Field    string // path of the field, as metadata.labels.app; empty when it is about no single one
	Message  string // what is wrong, in lower case
}

// Error returns file:line: field: message, without the parts that are not known. A document other than the file's first
// is named, as its line alone is hard to find by.
func (e Error) Error() string {
	var b strings.Builder
	if e.File != "" {
		b.WriteString(e.File)
		if e.Line > 0 {
			fmt.Fprintf(&b, ":%d", e.Line)
		}
		b.WriteString(": ")
	}
	if e.Document > 1 {
		fmt.Fprintf(&b, "document %d: ", e.Document)
	}
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Message)
	return shorten(escape(b.String()), MaxText)
}

// Errors are all problems of one Read, sorted by file and line; there is at least one.
type Errors []Error

// Error returns the problems in one line of at most [MaxText] bytes, and says how many did not fit.
func (es Errors) Error() string {
	const room = len("; and 1000000 more")
	var b strings.Builder
	for i, e := range es {
		text := e.Error()
		if i > 0 {
			text = "; " + text
		}
		left := MaxText - b.Len()
		if i < len(es)-1 {
			left -= room
		}
		if len(text) > left && i > 0 {
			fmt.Fprintf(&b, "; and %d more", len(es)-i)
			break
		}
		b.WriteString(shorten(text, left))
	}
	return b.String()
}

// Unwrap lets errors.As find an [Error] in Errors.
func (es Errors) Unwrap() []error {
	all := make([]error, len(es))
	for i, e := range es {
		all[i] = e
	}
	return all
}

func compareErrors(a, b Error) int {
	return cmp.Or(
		cmp.Compare(a.File, b.File),
		cmp.Compare(a.Line, b.Line),
		cmp.Compare(a.Document, b.Document),
		cmp.Compare(a.Field, b.Field),
	)
}

// escape writes whatever a terminal or a log might act on as Go would quote it: file names and keys come from a commit.
func escape(text string) string {
	if !strings.ContainsFunc(text, unprintable) && utf8.ValidString(text) {
		return text
	}
	quoted := strconv.Quote(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

func shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	const dots = "..."
	cut := limit - len(dots)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + dots
}
