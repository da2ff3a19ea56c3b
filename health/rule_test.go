package health_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health"
)

func widget(change func(*health.Rule)) health.Rule {
	r := health.Rule{APIVersion: "example.com/v1", Kind: "Widget", Current: "true"}
	change(&r)
	return r
}

func TestARuleThatCannotBeAskedIsRefused(t *testing.T) {
	for want, change := range map[string]func(*health.Rule){
		"apiVersion: want group/version":                     func(r *health.Rule) { r.APIVersion = "" },
		"apiVersion: want group/version, or group/* for any": func(r *health.Rule) { r.APIVersion = "a/b/c" },
		"kind: want the name of a kind":                      func(r *health.Rule) { r.Kind = "*" },
		"kind: Deployment takes no rule":                     func(r *health.Rule) { r.APIVersion, r.Kind = "apps/v1", "Deployment" },
		"kind: Service takes no rule":                        func(r *health.Rule) { r.APIVersion, r.Kind = "v1", "Service" },
		"kind: Secret takes no rule":                         func(r *health.Rule) { r.APIVersion, r.Kind = "v1", "Secret" },
		"current: missing":                                   func(r *health.Rule) { r.Current = "" },
		"current: column 14: Syntax error":                   func(r *health.Rule) { r.Current = "status.phase =" },
		"current: column 1: undeclared reference to 'env'":   func(r *health.Rule) { r.Current = "env.HOME == ''" },
		"current: want a bool, this is a int":                func(r *health.Rule) { r.Current = "1" },
		"failed: want a bool, this is a string":              func(r *health.Rule) { r.Failed = "'no'" },
		"message: want a string, this is a bool":             func(r *health.Rule) { r.Message = "true" },
		"current: expression code point size exceeds limit":  func(r *health.Rule) { r.Current = strings.Repeat("true && ", 1000) + "true" },
		"inProgress: ": func(r *health.Rule) {
			r.InProgress = strings.Repeat("(", 500) + "true" + strings.Repeat(")", 500)
		},
	} {
		_, err := health.Compile([]health.Rule{{APIVersion: "v1", Kind: "Other", Failed: "false"}, widget(change)})
		var wrong *health.RuleError
		if !errors.As(err, &wrong) || wrong.Rule != 1 || !strings.HasPrefix(err.Error(), want) || strings.Contains(err.Error(), "\n") {
			t.Errorf("error is %v, want %s", err, want)
		}
	}
}

func TestTwoRulesForOneKindAreRefused(t *testing.T) {
	one := widget(func(*health.Rule) {})
	for other, refused := range map[string]bool{"example.com/v1": true, "example.com/*": true, "example.com/v2": false, "example.org/v1": false} {
		_, err := health.Compile([]health.Rule{one, widget(func(r *health.Rule) { r.APIVersion = other })})
		if (err != nil) != refused {
			t.Errorf("beside one for %s: %v", other, err)
		}
	}
}

// ruled is what becomes of a widget with that status.
func ruled(t testing.TB, rule health.Rule, status any) *health.Report {
	t.Helper()
	rules, err := health.Compile([]health.Rule{rule})
	must(t, err)
	o := unstructuredOf(t, map[string]any{
		"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "w", "namespace": "shop", "resourceVersion": "5"},
		"status": status,
	})
	return health.Compute(health.State{Targets: []health.Target{{Applied: o, Live: o, Seen: "9"}}, Rules: rules, Now: time.Unix(0, 0)})
}

func TestARulesMessageIsOneBoundedLine(t *testing.T) {
	r := ruled(t, widget(func(r *health.Rule) { r.Failed, r.Message = "true", "status.text" }), map[string]any{"text": "a\n\x1b[2J" + strings.Repeat("é", 5000)})
	if len(r.Message) > 600 || strings.ContainsAny(r.Message, "\n\x1b") || !strings.Contains(r.Message, "a [2J") {
		t.Errorf("message is %q", r.Message)
	}
}

func TestNoRuleTakesForEver(t *testing.T) {
	list := make([]int, 2000)
	slow := widget(func(r *health.Rule) {
		r.Current = "status.list.all(a, status.list.all(b, status.list.all(c, a == b && b == c)))"
	})
	r := ruled(t, slow, map[string]any{"list": list})
	if r.Status != health.InProgress || !strings.Contains(r.Message, "the rule current cannot tell") {
		t.Errorf("report is %s %q", r.Status, r.Message)
	}
}

// FuzzRules has rules that nobody would write judge statuses that nobody would write.
func FuzzRules(f *testing.F) {
	for _, expression := range []string{
		"status.phase == 'Ready'", "status.conditions.exists(c, c.type == 'Ready' && c.status == 'True')", "status.a[7] > 1 / status.b",
		"timestamp(status.at) > timestamp('2026-01-01T00:00:00Z')", "status.text.matches('(a+)+$')", "has(spec.x) ? spec.x : status.y",
	} {
		f.Add(expression, []byte(`{"phase": "Ready", "conditions": [{"type": "Ready"}], "a": [], "b": 0, "at": "soon", "text": "aaaa"}`))
	}
	f.Fuzz(func(t *testing.T, expression string, text []byte) {
		rule := widget(func(r *health.Rule) { r.Current, r.Failed, r.Message = expression, expression, expression })
		var status any
		if json.Unmarshal(text, &status) != nil {
			return
		}
		for _, r := range []health.Rule{rule, widget(func(r *health.Rule) { r.Current = expression }), widget(func(r *health.Rule) { r.Message = expression })} {
			if _, err := health.Compile([]health.Rule{r}); err != nil {
				continue
			}
			if got := ruled(t, r, status); got.Status == "" || len(got.Message) > 1024 {
				t.Errorf("%q of %s: %+v", expression, text, got)
			}
		}
	})
}
