package live

import (
	"cmp"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// IsTerminal reports whether f is a terminal on which a [Terminal] can draw: one that moves its cursor when told to,
// which TERM=dumb says it does not.
func IsTerminal(f *os.File) bool {
	return term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb"
}

// themeOf is how out wants its text. A terminal gets colour unless it is dumb or NO_COLOR is set (no-color.org), and
// ASCII where the locale is not UTF-8; whatever else out is gets plain UTF-8.
func themeOf(out io.Writer) theme {
	f, is := terminalOf(out)
	if !is {
		return theme{}
	}
	locale := cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"))
	return theme{colour: IsTerminal(f) && os.Getenv("NO_COLOR") == "", ascii: !isUTF8(locale)}
}

// isUTF8 reads the codeset of a locale: en_US.UTF-8, C.utf8.
func isUTF8(locale string) bool {
	locale = strings.ToLower(locale)
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}

// sizeOf returns the columns and rows of f, those of the classic terminal where f does not say.
func sizeOf(f *os.File) (columns, rows int) {
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil || columns <= 0 || rows <= 0 {
		return 80, 24
	}
	return columns, rows
}

// room is how many columns a line to out may take, 0 for as many as it likes.
func room(out io.Writer) int {
	f, is := terminalOf(out)
	if !is {
		return 0
	}
	columns, _ := sizeOf(f)
	return columns
}
