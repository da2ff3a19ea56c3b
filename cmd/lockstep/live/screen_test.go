package live

import (
	"errors"
	"fmt"
	"testing"
)

// block is a block of so many lines, all of them saying the same.
func block(n int, text string) []line {
	lines := make([]line, n)
	for i := range lines {
		lines[i] = theme{}.line(plain, fmt.Sprintf("%s %d", text, i))
	}
	return lines
}

func show(t *testing.T, s *screen, above, below []line, width int) {
	t.Helper()
	if err := s.show(above, below, width); err != nil {
		t.Fatal(err)
	}
	v := s.out.(*vt)
	if v.hidden || v.unwrapped || v.x != 0 || len(v.unknown) > 0 {
		t.Errorf("a frame left the terminal otherwise than it was: %+v", v)
	}
}

func TestAFrameTakesThePlaceOfTheOneBefore(t *testing.T) {
	v := newVT(20, 6)
	_, _ = v.Write([]byte("$ lockstep run\r\n"))
	s := &screen{out: v}
	show(t, s, nil, block(3, "one"), 20)
	show(t, s, nil, block(2, "two"), 20)
	show(t, s, nil, block(4, "three"), 20)
	show(t, s, nil, block(2, "four"), 20)
	if got, want := v.text(), "$ lockstep run\nfour 0\nfour 1\n"; got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestWhatIsSettledStaysAboveTheBlock(t *testing.T) {
	v := newVT(20, 5)
	s := &screen{out: v}
	show(t, s, nil, block(3, "one"), 20)
	show(t, s, block(3, "settled"), block(2, "two"), 20)
	show(t, s, block(4, "more"), nil, 20)
	show(t, s, nil, block(1, "three"), 20)
	want := "settled 0\nsettled 1\nsettled 2\nmore 0\nmore 1\nmore 2\nmore 3\nthree 0\n"
	if got := v.text(); got != want {
		t.Errorf("got:\n%swant:\n%s", got, want)
	}
}

func TestAFrameThatIsAsBeforeIsNotWritten(t *testing.T) {
	v := newVT(20, 5)
	s := &screen{out: v}
	show(t, s, nil, block(2, "one"), 20)
	s.out = broken{}
	if err := s.show(nil, block(2, "one"), 20); err != nil {
		t.Error(err)
	}
}

func TestALineThatIsWiderThanWeThinkAddsNoRow(t *testing.T) {
	v := newVT(10, 5)
	s := &screen{out: v}
	show(t, s, nil, []line{{span{plain, "far too wide for it"}}, {span{plain, "two"}}}, 40)
	show(t, s, nil, block(2, "next"), 40)
	if got, want := v.text(), "next 0\nnext 1\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestATerminalThatBecomesNarrowerBreaksTheLinesOfTheBlock(t *testing.T) {
	s := &screen{widths: []int{0, 20, 21, 40, 7}}
	for width, want := range map[int]int{80: 5, 40: 5, 20: 7, 10: 11} {
		if got := s.height(width); got != want {
			t.Errorf("%d columns: %d rows, want %d", width, got, want)
		}
	}
}

// broken is a terminal that is gone.
type broken struct{}

var errGone = errors.New("input/output error")

func (broken) Write([]byte) (int, error) { return 0, errGone }
