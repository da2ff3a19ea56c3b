package manifest_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

func TestManyProblemsAreCutAndCounted(t *testing.T) {
	var b strings.Builder
	for range 300 {
		b.WriteString("kind: Pod\nmetadata: {name: a}\n---\n")
	}
	all := refused(t, folder("a.yaml", b.String()))
	text := all.Error()
	if len(all) != 300 || len(text) > manifest.MaxText || !strings.HasPrefix(text, "a.yaml:1: apiVersion: missing; a.yaml:4: ") {
		t.Errorf("%d problems, %d bytes: %s", len(all), len(text), text)
	}
	shown := strings.Count(text, "missing")
	if want := fmt.Sprintf("; and %d more", 300-shown); !strings.HasSuffix(text, want) {
		t.Errorf("%d shown, ends with %q", shown, text[len(text)-20:])
	}
}

func TestProblemsWithoutEndAreNotKeptWithoutEnd(t *testing.T) {
	all := refused(t, folder("a.yaml", strings.Repeat("kind: Pod\n---\n", manifest.MaxObjects-1)))
	if len(all) != manifest.MaxErrors {
		t.Errorf("%d problems", len(all))
	}
}

func TestATextIsOneShortLineWhateverTheCommitHas(t *testing.T) {
	for _, name := range []string{"a\n\x1b[31m.yaml", strings.Repeat("é", 600) + ".yaml", "\u202ecod.yaml", "a\xff.yaml", "a\u0000.yaml"} {
		e := manifest.Error{File: name, Line: 3, Field: "metadata.labels.\r\n", Message: "no"}
		for _, text := range []string{e.Error(), manifest.Errors{e, e}.Error()} {
			if len(text) > manifest.MaxText || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
				t.Errorf("%d bytes: %q", len(text), text)
			}
		}
	}
}

func TestOneProblemCanBeFoundAmongAll(t *testing.T) {
	err := error(refused(t, folder("a.yaml", "kind: Pod\nmetadata: {name: a}\n", "b.yaml", "- x\n")))
	var one manifest.Error
	if !errors.As(fmt.Errorf("read: %w", err), &one) || one.File != "a.yaml" || one.Line != 1 || one.Field != "apiVersion" {
		t.Errorf("got %+v", one)
	}
}
