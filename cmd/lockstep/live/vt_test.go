package live

import (
	"strconv"
	"strings"
)

// vt is a terminal of so many columns and rows: what a screen's escapes come to, and whether it is left as it was found.
type vt struct {
	columns, rows int
	cells         [][]rune // all lines ever, the last rows of them on the screen
	x, y          int      // y counts from the first line ever
	hidden        bool     // the cursor
	unwrapped     bool     // lines do not wrap
	unknown       []string // escapes that it does not know
}

func newVT(columns, rows int) *vt {
	return &vt{columns: columns, rows: rows, cells: make([][]rune, rows)}
}

func (v *vt) Write(p []byte) (int, error) {
	text := []rune(string(p))
	for i := 0; i < len(text); i++ {
		switch r := text[i]; r {
		case '\x1b':
			i += v.escape(text[i:])
		case '\r':
			v.x = 0
		case '\n':
			v.feed()
		default:
			v.put(r)
		}
	}
	return len(p), nil
}

// escape obeys the sequence at the beginning of text, and returns how many more characters it has.
func (v *vt) escape(text []rune) int {
	end := 2
	for end < len(text) && (text[end] < '@' || text[end] > '~') {
		end++
	}
	sequence := string(text[1:min(end+1, len(text))])
	switch {
	case sequence == "[?25l", sequence == "[?25h":
		v.hidden = sequence[4] == 'l'
	case sequence == "[?7l", sequence == "[?7h":
		v.unwrapped = sequence[3] == 'l'
	case sequence == "[K":
		v.line(v.y, v.x)
	case sequence == "[J":
		for y := v.y; y < len(v.cells); y++ {
			v.line(y, v.x*(1-min(1, y-v.y)))
		}
	case strings.HasSuffix(sequence, "A"):
		n, _ := strconv.Atoi(sequence[1 : len(sequence)-1])
		v.y = max(len(v.cells)-v.rows, v.y-n)
	case strings.HasSuffix(sequence, "m"):
	default:
		v.unknown = append(v.unknown, sequence)
	}
	return end
}

// line keeps the first cells of a line.
func (v *vt) line(y, keep int) { v.cells[y] = v.cells[y][:min(keep, len(v.cells[y]))] }

func (v *vt) feed() {
	v.y++
	if v.y == len(v.cells) {
		v.cells = append(v.cells, nil)
	}
}

func (v *vt) put(r rune) {
	if v.x >= v.columns {
		if v.unwrapped {
			v.x = v.columns - 1
		} else {
			v.x = 0
			v.feed()
		}
	}
	l := v.cells[v.y]
	for len(l) <= v.x {
		l = append(l, ' ')
	}
	l[v.x] = r
	v.cells[v.y] = l
	v.x++
}

// text is all that was ever written, without what was overwritten.
func (v *vt) text() string {
	var b strings.Builder
	for _, l := range v.cells {
		b.WriteString(strings.TrimRight(string(l), " ") + "\n")
	}
	return strings.TrimRight(b.String(), "\n") + "\n"
}
