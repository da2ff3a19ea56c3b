package live

import "fmt"

// pick returns limit members of all, in their order: those that matter first, then the first of the others. It returns all
// of them where only one would be left: to count it takes a line as well.
func pick[T any](all []T, limit int, matters func(T) bool) []T {
	if len(all) <= limit+1 {
		return all
	}
	others := max(0, limit-tally(all, matters))
	shown := make([]T, 0, limit)
	for _, one := range all {
		switch {
		case len(shown) == limit:
			return shown
		case matters(one):
			shown = append(shown, one)
		case others > 0:
			shown = append(shown, one)
			others--
		}
	}
	return shown
}

// tally counts the members of all that are so.
func tally[T any](all []T, is func(T) bool) int {
	n := 0
	for _, one := range all {
		if is(one) {
			n++
		}
	}
	return n
}

// rest is the line that counts what was folded.
func (c canvas) rest(format string, args ...any) line {
	return c.cut(c.line(dim, fmt.Sprintf(format, args...)), c.width)
}
