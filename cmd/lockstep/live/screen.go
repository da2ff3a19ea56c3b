package live

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// What a terminal is told (ECMA-48, and DEC's private modes). Each frame is one write that ends with the cursor visible
// and lines wrapping as before, so that whatever ends the program leaves the terminal as it was.
const (
	beginFrame = "\x1b[?25l\x1b[?7l" // hide the cursor, do not wrap: a character wider than we think must not add a line
	endFrame   = "\x1b[?7h\x1b[?25h"
	clearLine  = "\x1b[K"
	clearBelow = "\x1b[J"
)

// screen draws a block of lines in place, at the bottom of what was written before. The cursor rests below the block, at
// the beginning of a line.
type screen struct {
	out    io.Writer
	theme  theme
	block  []string // as written
	widths []int    // of the lines of block
}

// show writes the lines above for good, and block below them in place of the block before. Nothing is written when
// nothing has changed. Width is that of the terminal now.
func (s *screen) show(above, block []line, width int) error {
	text, widths := s.rendered(block)
	if len(above) == 0 && slices.Equal(text, s.block) {
		return nil
	}
	var b strings.Builder
	b.WriteString(beginFrame)
	if up := s.height(width); up > 0 {
		fmt.Fprintf(&b, "\x1b[%dA", up)
	}
	b.WriteByte('\r')
	settled, _ := s.rendered(above)
	for _, l := range append(settled, text...) {
		b.WriteString(l + clearLine + "\r\n")
	}
	b.WriteString(clearBelow + endFrame)
	s.block, s.widths = text, widths
	_, err := io.WriteString(s.out, b.String())
	return err
}

// leave clears what others have put below the block, such as a terminal's echo of ^C, for whoever writes next.
func (s *screen) leave() error {
	_, err := io.WriteString(s.out, "\r"+clearBelow)
	return err
}

func (s *screen) rendered(lines []line) (text []string, widths []int) {
	for _, l := range lines {
		text = append(text, s.theme.render(l))
		widths = append(widths, l.width())
	}
	return text, widths
}

// height is how many rows the block takes now: a terminal that has become narrower since has broken its lines.
func (s *screen) height(width int) int {
	rows := 0
	for _, w := range s.widths {
		rows += max(1, (w+width-1)/max(1, width))
	}
	return rows
}
