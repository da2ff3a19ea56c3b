package live

import "strings"

// wrapper fills lines with words.
type wrapper struct {
	room   int // columns of a line
	indent int // of all lines but the first
	lines  []line
	at     int // columns of the last line that are taken
}

// shortestIndented is how many columns a line must have for an indent to be worth it.
const shortestIndented = 20

// wrap breaks l between words into lines of at most room columns, all but the first indented. A word longer than a line
// is broken where the line ends. No room at all (0 or less) means no limit.
func wrap(l line, room, indent int) []line {
	if room <= 0 || l.width() <= room {
		return []line{l}
	}
	if room < shortestIndented {
		indent = 0
	}
	w := wrapper{room: room, indent: indent, lines: []line{nil}}
	for _, s := range l {
		for word := range strings.SplitAfterSeq(s.text, " ") {
			w.add(s.style, word)
		}
	}
	return w.lines
}

// add puts one word, with the space behind it, where it fits.
func (w *wrapper) add(s style, word string) {
	if w.at > w.indent && w.at+columns(strings.TrimRight(word, " ")) > w.room {
		w.feed()
		if word == " " {
			return
		}
	}
	for w.at+columns(strings.TrimRight(word, " ")) > w.room {
		part := head(word, w.room-w.at)
		if part == "" && w.at == w.indent {
			break // a character wider than the line
		}
		w.put(s, part)
		w.feed()
		word = word[len(part):]
	}
	w.put(s, word)
}

// feed begins a new line. The space at the end of the last one would take a column.
func (w *wrapper) feed() {
	last := w.lines[len(w.lines)-1]
	last[len(last)-1].text = strings.TrimRight(last[len(last)-1].text, " ")
	w.lines = append(w.lines, line{{plain, strings.Repeat(" ", w.indent)}})
	w.at = w.indent
}

func (w *wrapper) put(s style, text string) {
	last := &w.lines[len(w.lines)-1]
	if end := len(*last) - 1; end >= 0 && (*last)[end].style == s {
		(*last)[end].text += text
	} else {
		*last = append(*last, span{s, text})
	}
	w.at += columns(text)
}

// first keeps the first few of the lines, the last of them with dots when there were more.
func (t theme) first(lines []line, most, room int) []line {
	if len(lines) <= most {
		return lines
	}
	return append(lines[:most-1:most-1], t.end(lines[most-1], room))
}
