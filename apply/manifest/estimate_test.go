package manifest

import (
	"strings"
	"testing"
)

// TestOnlySureBlockScalarsAreLeftOut has a text each before lines full of commas, and whether those count.
func TestOnlySureBlockScalarsAreLeftOut(t *testing.T) {
	const commas = 1000
	for _, tt := range []struct {
		before, indent string
		counts         bool
	}{
		{"x: |\n", "  ", false},
		{"x: >-\n", " ", false},
		{"a: 1\ndata:\n  x.json: |2-\n", "    ", false},
		{"- - x: |\n", "      ", false},
		{"a: \"b\"\nx: |\n", "  ", false},
		{"a: 'b'\nc: {d: \"e\", f: 'g'}\n- \"h\"\nx: |\n", "  ", false},
		{"x: |\n  it's \"open\n", "  ", false},
		{"x: |\n\n\n  a\n\n", "  ", false},
		{"x: |\n  a\ny: b\n", "  ", true},
		{"x: |\n  a\n", "", true},
		{"x:\n", "  ", true},
		{"- x: |\n", "  ", true},
		{"x: a |\n", "  ", true},
		{"x: | a\n", "  ", true},
		{"a: \"b\nx: |\n", "  ", true},
		{"a: it's\nx: |\n", "  ", true},
		{"a: \"\\\"\nx: |\n", "  ", true},
		{"a: {b: \"c\nx: |\n", "  ", true},
		{"a, \"b: \"c\nx: |\n", "  ", true},
		{"\"x: |\n", "  ", true},
		{"# it's\nx: |\n", "  ", true},
	} {
		text := []byte(tt.before + strings.Repeat(tt.indent+"a,b\n", commas))
		if got := outsideBlocks(text); (got > commas) != tt.counts {
			t.Errorf("%q, %q: %d, want them counted: %t", tt.before, tt.indent, got, tt.counts)
		}
	}
}

func TestJSONIsCountedOutsideOfItsTexts(t *testing.T) {
	for text, want := range map[string]int{
		`1`: 1, `"a,b:[{"`: 1, `[]`: 2, `[1,2]`: 3, `{"a":1}`: 3, `{"a":{"b":[1,"\",,,\\"]}}`: 7, `"\\",1`: 2,
	} {
		if got := introducersJSON([]byte(text)); got != want {
			t.Errorf("%s: %d, want %d", text, got, want)
		}
	}
}
