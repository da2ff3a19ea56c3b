package manifest

import (
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/util/json"
)

// FuzzVariables puts any value into any text. A value must never become more than the one text, number or boolean that it
// stands for, and text that is escaped must come out as it was.
func FuzzVariables(f *testing.F) {
	for _, text := range []string{
		"", "$", "${", "${A}", "$${A}", "$$${A}", "a ${A} b ${A}", "${B}", "${A", "${}", "${A}${", "\"${A}\"", "|\n  ${A}", "- ${A}", "${A}: x", "{a: \"${A}\"}",
	} {
		for _, value := range []string{"", "3", "true", "1.5", "x\ny: z", "{a: b}", "[1]", "${A}", "\"", "#", "---\n", "!!int 3", "&a", "null", "0x1f"} {
			f.Add(text, value)
		}
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		vars := map[string]string{"A": value}
		escaped := strings.ReplaceAll(text, "${", "$${")
		if back, err := expand(escaped, vars); err != nil || back != text {
			t.Errorf("%q escaped comes out as %q, %v", text, back, err)
		}
		if done, err := expand(text, vars); err == nil && !strings.Contains(text, "$${") && done != strings.ReplaceAll(text, "${A}", value) {
			t.Errorf("%q with %q is %q", text, value, done)
		}
		document := "apiVersion: v1\nkind: A\nmetadata: {name: a}\nx:\n  " + strings.ReplaceAll(text, "\n", "\n  ") + "\n"
		files := fstest.MapFS{"a.yaml": {Data: []byte(document)}}
		before, err := Load(t.Context(), files, ".", Options{})
		if err != nil {
			return
		}
		after, err := Load(t.Context(), files, ".", Options{Vars: vars})
		if err != nil {
			return
		}
		if len(after.Manifests) != len(before.Manifests) {
			t.Fatalf("%d objects instead of %d", len(after.Manifests), len(before.Manifests))
		}
		for i, m := range before.Manifests {
			sameShape(t, m.Object.Object, after.Manifests[i].Object.Object)
		}
	})
}

// sameShape wants the same maps and lists in both, and what is no text to be unchanged.
func sameShape(t *testing.T, before, after any) {
	t.Helper()
	switch b := before.(type) {
	case map[string]any:
		a, ok := after.(map[string]any)
		if !ok || len(a) != len(b) {
			t.Fatalf("%v became %v", before, after)
		}
		for key := range b {
			sameShape(t, b[key], a[key])
		}
	case []any:
		a, ok := after.([]any)
		if !ok || len(a) != len(b) {
			t.Fatalf("%v became %v", before, after)
		}
		for i := range b {
			sameShape(t, b[i], a[i])
		}
	case string:
		switch after.(type) {
		case string, int64, float64, bool:
		default:
			t.Fatalf("%q became %v", before, after)
		}
	default:
		x, _ := json.Marshal(before)
		y, _ := json.Marshal(after)
		if string(x) != string(y) {
			t.Fatalf("%s became %s", x, y)
		}
	}
}
