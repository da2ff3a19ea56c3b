package apply_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/lockstep-dev/lockstep/apply"
)

func TestLongValuesAreCutWhereTheyDiffer(t *testing.T) {
	common := strings.Repeat("é", 300)
	for name, c := range map[string]struct{ before, after, was, is string }{
		"at the end":   {common + "one", common + "two", "one", "two"},
		"in front":     {"one" + common, "two" + common, "one", "two"},
		"one is short": {"x", common, "x", "éé"},
		"one is more":  {common, common + "more", "é", "more"},
	} {
		f := apply.Diff(parse(t, configMap("a", c.before)), parse(t, configMap("a", c.after)))[0]
		if *f.Old == *f.New || !strings.Contains(*f.Old, c.was) || !strings.Contains(*f.New, c.is) {
			t.Errorf("%s: %q → %q", name, *f.Old, *f.New)
		}
		if len(*f.Old) > 100 || len(*f.New) > 100 || !utf8.ValidString(*f.Old) || !utf8.ValidString(*f.New) {
			t.Errorf("%s: badly cut: %q → %q", name, *f.Old, *f.New)
		}
	}
}

// planned returns the plan's change of an object.
func planned(t *testing.T, plan *apply.Plan, name string) *apply.Change {
	t.Helper()
	at := slices.IndexFunc(plan.All(), func(c *apply.Change) bool { return c.ID.Name == name })
	if at < 0 {
		t.Fatalf("the plan has no %s", name)
	}
	return plan.All()[at]
}

func (a *app) mustPlan(documents ...string) *apply.Plan {
	a.Helper()
	a.request.Rehearse = true
	plan, err := a.plan(documents...)
	if err != nil {
		a.Fatal(err)
	}
	return plan
}

func paths(fields []apply.Field) []string {
	var all []string
	for _, f := range fields {
		all = append(all, f.Path)
	}
	return all
}

func TestAPlanSaysWhichValuesOfASecretDiffer(t *testing.T) {
	a := newApp(t)
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: login}\nstringData: {user: ada, password: correct-horse, old: x}\n"
	c := planned(t, a.mustPlan(secret), "login")
	if got := paths(c.Brings()); !slices.Equal(got, []string{"stringData.old", "stringData.password", "stringData.user"}) {
		t.Errorf("it brings %v", got)
	}
	a.mustSync([]string{"secret/login created"}, secret)
	changed := strings.NewReplacer("correct-horse", "battery-staple", ", old: x", ", new: x").Replace(secret)
	c = planned(t, a.mustPlan(changed), "login")
	if got := paths(c.Fields); !slices.Contains(got, "data.password") || !slices.Contains(got, "data.new") || slices.Contains(got, "data.user") {
		t.Errorf("fields %v", got)
	}
	if got := c.KeptSecrets(); !slices.Contains(got, "data.user") || slices.Contains(got, "data.password") || slices.Contains(got, "data.new") {
		t.Errorf("kept %v", got)
	}
	for _, path := range append(paths(c.Fields), c.KeptSecrets()...) {
		if !apply.IsSecret(path) {
			t.Errorf("%s may be shown", path)
		}
	}
}

func TestAPlanNamesWhoMadeTheDrift(t *testing.T) {
	a := newApp(t)
	a.mustSync([]string{"configmap/one created", "configmap/two created"}, configMap("one", "1"), configMap("two", "2"))
	a.patch("one", `{"data":{"key":"9"}}`)
	plan := a.mustPlan(configMap("one", "1"), configMap("two", "3"))
	if c := planned(t, plan, "one"); !c.Drift || !slices.Equal(c.Culprits(), []string{"somebody"}) {
		t.Errorf("drift %t by %v", c.Drift, c.Culprits())
	}
	if c := planned(t, plan, "two"); c.Drift || c.Culprits() != nil || c.Deferred() {
		t.Errorf("drift %t by %v, deferred %t", c.Drift, c.Culprits(), c.Deferred())
	}
}

func TestAPlanSaysWhatCouldNotBeRehearsed(t *testing.T) {
	a := newApp(t)
	fresh := a.request.Namespace + "-fresh"
	plan := a.mustPlan("apiVersion: v1\nkind: Namespace\nmetadata: {name: "+fresh+"}\n",
		strings.Replace(configMap("one", "1"), "name: one", "name: one\n  namespace: "+fresh, 1))
	if c := planned(t, plan, "one"); !c.Deferred() || c.Action != apply.Created || !slices.Equal(paths(c.Brings()), []string{"data.key"}) {
		t.Errorf("%s, deferred %t, brings %v", c, c.Deferred(), c.Brings())
	}
	if c := planned(t, plan, fresh); len(c.Fields) > 0 || len(c.Brings()) > 0 {
		t.Errorf("of the new namespace the fields %v are kept, and it brings %v", c.Fields, c.Brings())
	}
	if planned(t, plan, fresh).Deferred() {
		t.Error("the namespace itself is not rehearsed")
	}
}
