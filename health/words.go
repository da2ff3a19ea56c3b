package health

import (
	"cmp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// plural counts in words: 1 pod, 3 pods.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// compareNames puts web-2 before web-10, as a StatefulSet counts.
func compareNames(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// maxWords bounds what is taken over of Kubernetes' own words, in bytes.
const maxWords = 1024

// oneLine makes text fit for one line of a terminal or a log: no line breaks, no control characters, bounded.
func oneLine(text string) string {
	return cut(strings.Join(strings.Fields(harmless(text)), " "), maxWords)
}

// harmless replaces what a terminal would obey, or print in another order than it stands: control and format characters.
func harmless(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t' || unicode.IsSpace(r):
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '?'
		}
		return r
	}, text)
}

// cut shortens text to that many bytes at most, at a whole character, and says so.
func cut(text string, limit int) string {
	const sign = "..."
	if len(text) <= limit {
		return text
	}
	end := limit - len(sign)
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + sign
}

// decimal writes a number without digits that say nothing: 8, 7.5, 0.05.
func decimal(x float64) string {
	digits := 1
	if x < 1 {
		digits = 3
	}
	text := strconv.FormatFloat(x, 'f', digits, 64)
	return strings.TrimSuffix(strings.TrimRight(text, "0"), ".")
}
