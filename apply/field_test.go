package apply_test

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply"
)

func TestADiffNamesEachField(t *testing.T) {
	before := parse(t, webDeployment)
	for name, c := range map[string]struct {
		change func(o map[string]any)
		want   string
	}{
		"number":  {func(o map[string]any) { set(o, int64(3), "spec", "replicas") }, "replicas 1 → 3"},
		"added":   {func(o map[string]any) { set(o, true, "spec", "paused") }, "paused set to true"},
		"removed": {func(o map[string]any) { unstructured.RemoveNestedField(o, "spec", "replicas") }, "replicas removed (was 1)"},
		"label":   {func(o map[string]any) { set(o, "x", "metadata", "labels", "a.b/c") }, "metadata.labels.a.b/c set to x"},
		"escape":  {func(o map[string]any) { set(o, "\x1b[31m", "metadata", "labels", "a") }, `metadata.labels.a set to "\x1b[31m"`},
		"status":  {func(o map[string]any) { set(o, int64(3), "status", "replicas") }, ""},
		"books":   {func(o map[string]any) { set(o, "7", "metadata", "resourceVersion") }, ""},
	} {
		after := before.DeepCopy()
		c.change(after.Object)
		var told []string
		for _, f := range apply.Diff(before, after) {
			told = append(told, f.String())
		}
		if got := strings.Join(told, ", "); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func set(o map[string]any, value any, path ...string) {
	if err := unstructured.SetNestedField(o, value, path...); err != nil {
		panic(err)
	}
}

func TestALongValueIsCut(t *testing.T) {
	before, after := parse(t, configMap("a", "1")), parse(t, configMap("a", strings.Repeat("é", 500)))
	if text := apply.Diff(before, after)[0].String(); len(text) > 150 {
		t.Errorf("%d bytes: %s", len(text), text)
	}
}
