package apply_test

import (
	"slices"
	"testing"
)

func TestAnAnnotationWithoutEffectIsWarnedAbout(t *testing.T) {
	a := newApp(t)
	for annotation, want := range map[string]string{
		"lockstep.dev/purne: disabled":          "no such annotation as lockstep.dev/purne: it has no effect",
		`lockstep.dev/prune: "false"`:           `the annotation lockstep.dev/prune has no effect with the value "false", only with "disabled"`,
		`lockstep.dev/allow-prune: "-1"`:        `the annotation lockstep.dev/allow-prune has no effect with the value "-1", only with "true"`,
		`lockstep.dev/allow-prune: "3"`:         "",
		"lockstep.dev/reconcile: enabled":       "",
		"lockstep.dev/ssa: if-not-present":      "",
		"lockstep.dev/force: recreate":          "",
		"lockstep.dev/substitute: disabled":     "",
		`example.com/lockstep.dev-prune: "off"`: "",
	} {
		plan, err := a.plan(configMap("settings", "1", annotation))
		if err != nil {
			t.Errorf("%s: %v", annotation, err)
			continue
		}
		var told []string
		if want != "" {
			told = []string{"app.yaml:1: configmap/settings: " + want}
		}
		if !slices.Equal(plan.Warnings, told) {
			t.Errorf("%s: told %q, want %q", annotation, plan.Warnings, told)
		}
	}
}
