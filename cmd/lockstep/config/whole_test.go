package config_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
)

// flow is a good app in one line, with what follows its path.
func flow(name, rest string) string {
	return fmt.Sprintf("- {name: %s, repository: shop, path: a%s}\n", name, rest)
}

func TestOfTwoEntriesOfOneNameNeitherIsTaken(t *testing.T) {
	for text, want := range map[string]string{
		head + flow("web", "") + flow("db", "") + flow("web", ", prune: 1"): `7: app "web": name: the same as on line 9
9: app "web": prune: want true or false, this is a number
9: app "web": name: the same as on line 7`,
		head + flow("a", "") + flow("a", "") + flow("a", ""): `7: app "a": name: the same as on line 8
8: app "a": name: the same as on line 7
9: app "a": name: the same as on line 7`,
		head + "- {paths: a/*, repository: shop}\n- {paths: a/*, repository: shop, namePrefix: x-}\n- {paths: ./a/*, repository: shop}\n": `7: app "a/*": paths: the same as on line 9
9: app "./a/*": paths: the same as on line 7`,
		strings.Replace(head, "apps:", "- name: shop\n  url: .\napps:", 1) + web: `4: repository "shop": name: the same as on line 6
6: repository "shop": name: the same as on line 4
10: app "web": repository: "shop" is refused itself`,
	} {
		if got := said(parse(t, text)); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestAnAppOfARefusedRepositoryIsRefused(t *testing.T) {
	c := parse(t, strings.Replace(head, "https://", "git://", 1)+web)
	want := `5: repository "shop": url: git:// is not supported: use https://, ssh:// or a folder
8: app "web": repository: "shop" is refused itself`
	if got := said(c); got != want || len(c.Apps) != 0 {
		t.Errorf("got %s", got)
	}
}

func TestCyclesAreRefusedByName(t *testing.T) {
	c := parse(t, head+flow("web", ", dependsOn: [db]")+flow("db", ", dependsOn: [log, web]")+flow("log", "")+flow("end", ", dependsOn: [web]"))
	want := `7: app "web": dependsOn: a cycle: web → db → web
8: app "db": dependsOn: a cycle: db → web → db`
	if got := said(c); got != want {
		t.Errorf("got %s", got)
	}
	if len(c.Apps) != 2 || c.Apps[0].Name != "log" || c.Apps[1].Name != "end" {
		t.Errorf("apps %+v", c.Apps)
	}
}

func TestACycleByWayOfFoldersIsRefused(t *testing.T) {
	c := parse(t, head+"- {paths: apps/*, repository: shop, dependsOn: [db]}\n"+flow("db", ", dependsOn: [front]"))
	want := `7: app "apps/*": dependsOn: a cycle: apps/* → db → apps/*
8: app "db": dependsOn: a cycle: db → apps/* → db`
	if got := said(c); got != want {
		t.Errorf("got %s", got)
	}
	c = parse(t, head+"- {paths: apps/*, repository: shop, dependsOn: [front]}\n- {paths: infra/*, repository: shop}\n")
	if len(c.Problems) > 0 {
		t.Errorf("front may be of infra: %s", said(c))
	}
}

func TestDependenciesMayBeOfFoldersOrRefused(t *testing.T) {
	c := parse(t, head+"- {paths: apps/a-*, repository: shop, namePrefix: x-}\n"+flow("web", ", dependsOn: [x-a-b, bad]")+flow("bad", ", size: 1")+flow("db", ", dependsOn: [x-b]"))
	want := `9: app "bad": unknown field "size"
10: app "db": dependsOn: there is no app of the name "x-b"`
	if got := said(c); got != want {
		t.Errorf("got %s", got)
	}
}

func TestOnlyAnAppThatNoEntryCanBeAboutHasLeft(t *testing.T) {
	for entry, want := range map[string]bool{
		flow("web", ", size: 1"):                     true,
		flow("db", ", size: 1"):                      false,
		flow("db", ""):                               false,
		flow("Web", ""):                              true, // whichever is meant
		flow("db", ", name: web"):                    true,
		"- web\n":                                    true,
		"- {paths: ../*, repository: shop}\n":        true,
		"- {paths: a/*, repository: ship}\n":         true,
		"- {name: db, paths: a, repository: shop}\n": true,
		flow("web", "") + flow("web", ""):            true,
	} {
		if got := parse(t, head+entry).Refuses("web"); got != want {
			t.Errorf("%s: refuses web: %t", entry, got)
		}
	}
}

func TestAFolderMakesAnApp(t *testing.T) {
	entry := good(t, head+"- {paths: apps/*, repository: shop, namePrefix: x-, namespace: 'ns-${APP}', vars: {A: b}}\n").Apps[0]
	got, err := entry.In("apps/front")
	want := entry
	want.Name, want.Path, want.Paths, want.NamePrefix, want.Namespace = "x-front", "apps/front", "", "", "ns-front"
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v", got, err)
	}
	for folder, want := range map[string]string{
		"apps/Front":                      `folder "apps/Front" cannot name an app: want lower case letters, digits and dashes, at most 53`,
		"apps/" + strings.Repeat("a", 52): `folder "apps/` + strings.Repeat("a", 52) + `" cannot name an app: want lower case letters, digits and dashes, at most 53`,
	} {
		if _, err := entry.In(folder); err == nil || err.Error() != want {
			t.Errorf("%s: %v", folder, err)
		}
	}
	entry.Namespace = strings.Repeat("n", 60) + config.FolderPlaceholder
	if _, err := entry.In("apps/front"); err == nil || !strings.HasPrefix(err.Error(), `folder "apps/front" cannot name a namespace: it would be "nnn`) {
		t.Errorf("a long namespace: %v", err)
	}
}

func TestEqualLooksAtAllButTheLine(t *testing.T) {
	before := good(t, everything)
	after := good(t, "# moved\n"+everything)
	if reflect.DeepEqual(before, after) {
		t.Error("no line moved")
	}
	for i, app := range before.Apps {
		if !app.Equal(after.Apps[i]) || !before.Repositories[i].Equal(after.Repositories[i]) {
			t.Errorf("%+v is not %+v", app, after.Apps[i])
		}
	}
	for field := range reflect.TypeFor[config.App]().NumField() {
		differs(t, before.Apps[0], field, config.App.Equal)
	}
	for field := range reflect.TypeFor[config.Repository]().NumField() {
		differs(t, before.Repositories[0], field, config.Repository.Equal)
	}
}

// differs changes one field of one, and wants Equal to see it unless it is the line.
func differs[T any](t *testing.T, one T, field int, equal func(T, T) bool) {
	t.Helper()
	other := one
	switch v := reflect.ValueOf(&other).Elem().Field(field); v.Interface().(type) {
	case string:
		v.SetString("other")
	case bool:
		v.SetBool(!v.Bool())
	case []string:
		v.Set(reflect.ValueOf([]string{"other"}))
	case []probe.URL:
		v.Set(reflect.ValueOf([]probe.URL{{Service: "other"}}))
	case []health.Rule:
		v.Set(reflect.ValueOf([]health.Rule{{Kind: "Other"}}))
	case git.Ref:
		v.Set(reflect.ValueOf(git.Ref{Tag: "other"}))
	case map[string]string:
		v.Set(reflect.ValueOf(map[string]string{"other": ""}))
	default:
		v.SetInt(v.Int() + 1)
	}
	name := reflect.TypeFor[T]().Field(field).Name
	if equal(one, other) != (name == "Line") {
		t.Errorf("%T: %s makes them equal: %t", one, name, name != "Line")
	}
}

func TestProblemsAreBoundedAndTheirEntriesAreNot(t *testing.T) {
	c := parse(t, head+strings.Repeat("- a\n", 2_000)+web)
	if len(c.Problems) != config.MaxProblems || len(c.Apps) != 1 {
		t.Errorf("%d problems, %d apps", len(c.Problems), len(c.Apps))
	}
}
