package live

import (
	"strings"
	"testing"
)

func TestColumnsOfATerminal(t *testing.T) {
	for text, want := range map[string]int{
		"": 0, "web": 3, "größer": 6, "日本": 4, "e\u0301": 1, "→✓█": 3, "Ｗｅｂ": 6, "한국": 4,
	} {
		if got := columns(text); got != want {
			t.Errorf("%q: %d columns, want %d", text, got, want)
		}
	}
}

func TestALineIsCutToItsRoom(t *testing.T) {
	l := line{{bold, "deploy"}, {plain, "ment 日本語"}}
	for room, want := range map[int]string{
		0: "deployment 日本語", 17: "deployment 日本語", 16: "deployment 日本…", 15: "deployment 日…", 12: "deployment…",
		7: "deploy…", 6: "deplo…", 1: "…",
	} {
		got := theme{}.render(theme{}.cut(l, room))
		if got != want {
			t.Errorf("%d columns: %q, want %q", room, got, want)
		}
	}
	if got := (theme{}).render(theme{ascii: true}.cut(l, 2)); got != ".." {
		t.Errorf("the dots in two columns are %q", got)
	}
}

func TestTheEndOfANameIsKept(t *testing.T) {
	for room, want := range map[int]string{20: "web-日本-x1", 11: "web-日本-x1", 7: "日本-x1", 6: "本-x1", 3: "-x1", 0: ""} {
		if got := tail("web-日本-x1", room); got != want {
			t.Errorf("%d columns: %q, want %q", room, got, want)
		}
	}
}

func TestWordsAreWrappedAndNoneIsLost(t *testing.T) {
	text := "0/3 nodes are available: 3 Insufficient example.com/a-very-long-resource-name. 日本語日本語日本語 end"
	for room := 2; room < 120; room++ { // a character of two columns needs two
		lines := wrap(line{{warn, text[:20]}, {plain, text[20:]}}, room, 2)
		var all strings.Builder
		for _, l := range lines {
			if l.width() > room {
				t.Errorf("%d columns in a room of %d: %q", l.width(), room, theme{}.render(l))
			}
			all.WriteString(theme{}.render(l))
		}
		squeeze := func(s string) string { return strings.ReplaceAll(s, " ", "") }
		if squeeze(all.String()) != squeeze(text) {
			t.Errorf("room %d: got %q", room, all.String())
		}
	}
}

func TestWrappedLinesAreIndentedWhereThereIsRoom(t *testing.T) {
	for room, want := range map[int][]string{
		22: {"! one two three four", "  five six"},
		14: {"! one two", "three four", "five six"},
		0:  {"! one two three four five six"},
	} {
		var got []string
		for _, l := range wrap(line{{plain, "! one two three four five six"}}, room, 2) {
			got = append(got, theme{}.render(l))
		}
		expect(t, got, want...)
	}
}
