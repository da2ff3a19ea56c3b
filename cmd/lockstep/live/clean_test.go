package live

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestTextOfOthersIsEscaped(t *testing.T) {
	for _, test := range []struct{ name, in, want, ascii string }{
		{"plain words", "replicas 1 → 3", "replicas 1 → 3", "replicas 1 -> 3"},
		{"an escape sequence", "\x1b[2Jgone", `\x1b[2Jgone`, `\x1b[2Jgone`},
		{"a bell, a backspace and a carriage return", "a\ab\bc\rd", `a\ab\bc; d`, `a\ab\bc; d`},
		{"a C1 control", "\u009b31m", `\u009b31m`, `\u009b31m`},
		{"lines", "one\ntwo\r\n\n  three\n", "one; two; three", "one; two; three"},
		{"a tab", "a\tb", "a b", "a b"},
		{"a right-to-left override", "a\u202eb", `a\u202eb`, `a\u202eb`},
		{"a zero-width space", "a\u200bb", `a\u200bb`, `a\u200bb`},
		{"broken UTF-8", "a\xff\xc3b", `a\xff\xc3b`, `a\xff\xc3b`},
		{"the replacement character itself", "a\ufffdb", "a\ufffdb", `a\ufffdb`},
		{"letters of other languages", "größer 日本", "größer 日本", `gr\u00f6\u00dfer \u65e5\u672c`},
		{"a backslash", `a\b`, `a\b`, `a\b`},
		{"nothing", "", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, ascii := theme{}.clean(test.in), theme{ascii: true}.clean(test.in)
			if got != test.want || ascii != test.ascii {
				t.Errorf("got %q and %q, want %q and %q", got, ascii, test.want, test.ascii)
			}
			if again := (theme{}).clean(got); again != got {
				t.Errorf("clean text is cleaned again to %q", again)
			}
		})
	}
}

const poison = "p\x1b]0;owned\a\x1b[31m\u009b2J\r\u202e\xff\b"

// spoil puts poison into every string that v leads to, in place.
func spoil(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if v.CanSet() {
			v.SetString(v.String() + poison)
		}
	case reflect.Pointer:
		if !v.IsNil() {
			spoil(v.Elem())
		}
	case reflect.Slice:
		for i := range v.Len() {
			spoil(v.Index(i))
		}
	case reflect.Struct:
		for _, field := range v.Fields() {
			if field.CanSet() && field.Type() != reflect.TypeFor[time.Time]() {
				spoil(field)
			}
		}
	}
}

// harmless fails the test when text holds a character that a terminal obeys.
func harmless(t *testing.T, text string) {
	t.Helper()
	for _, r := range text {
		if r != '\n' && (unicode.IsControl(r) || !unicode.IsPrint(r)) {
			t.Fatalf("%q in %q", r, text)
		}
	}
	if !strings.Contains(text, `\x1b]0;owned`) {
		t.Errorf("the poison is not in it at all: %q", text)
	}
}

func TestNoControlCharacterOfAStatusReachesATableOrADetail(t *testing.T) {
	for _, s := range []*script{scaled(), stuck()} {
		app := s.folded()
		spoil(reflect.ValueOf(&app).Elem())
		app.Warnings = []string{poison}
		var b bytes.Buffer
		Table(&b, []status.App{app}, true)
		Detail(&b, app)
		Times(&b, app.Timeline)
		harmless(t, b.String())
	}
}

// poisoned is a commit whose every word comes from somebody hostile.
func poisoned() []sync.Event {
	report := unschedulable(3, 1)
	spoil(reflect.ValueOf(report))
	change := configured(deployment, "spec."+poison, "1"+poison, "3"+poison)
	change.ID.Name += poison
	events := newScript().commit("a", poison, 0).apply(change, &apply.Change{ID: config, Action: apply.Skipped, Why: poison}).
		report(report).fail(sync.StepPrune, errors.New(poison)).events
	events[0].Snapshot.Author = poison
	events[0].Snapshot.Revision = git.Revision{Ref: poison, Hash: poison}
	events[1].Plan.Warnings = []string{poison}
	return events
}

func TestNoControlCharacterOfAnEventReachesATerminal(t *testing.T) {
	terminal := newTerminal(nil, theme{}, func() (int, int) { return 60, 40 }, web)
	var b bytes.Buffer
	lines := NewLines(&b, web)
	for _, event := range poisoned() {
		lines.Observe(t.Context(), event)
		terminal.Observe(t.Context(), event)
		above, block := terminal.next(event.At)
		for _, l := range append(above, block...) {
			b.WriteString(theme{}.render(l) + "\n")
		}
	}
	harmless(t, b.String())
}
