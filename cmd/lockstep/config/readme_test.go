package config

import (
	"fmt"
	"maps"
	"os"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// table returns the rows of the README's table under a heading, from the key to the default.
func table(t *testing.T, heading string) map[string]string {
	t.Helper()
	_, text, found := strings.Cut(readme(t), "\n"+heading+"\n")
	if !found {
		t.Fatalf("the README has no %s", heading)
	}
	text, _, _ = strings.Cut(text, "\n\n"+strings.Repeat("#", 3))
	_, text, _ = strings.Cut(text, "|---")
	text, _, _ = strings.Cut(text, "\n\n")
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-zA-Z.]+)` \\| *([^|]*?) *\\| *[^| ]").FindAllStringSubmatch(text, -1) {
		rows[row[1]] = row[2]
	}
	return rows
}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

const minimum = "apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories:\n- name: shop\n  url: .\n%sapps:\n- name: web\n  repository: shop\n  path: a\n%s"

// entries parses the least that a config must have, and what is added to its repository and its app.
func entries(t *testing.T, repository, app string) (Repository, App) {
	t.Helper()
	c, err := Parse("config.yaml", fmt.Appendf(nil, minimum, repository, app))
	if err != nil || len(c.Problems) > 0 {
		t.Fatalf("%v, %v", c, err)
	}
	return c.Repositories[0], c.Apps[0]
}

// written returns a key with its value, as a line of an entry.
func written(key, value string) string {
	if group, inner, found := strings.Cut(key, "."); found {
		return fmt.Sprintf("  %s: {%s: %s}\n", group, inner, value)
	}
	return fmt.Sprintf("  %s: %s\n", key, value)
}

func TestTheReadmeHasEveryKeyOfARepositoryWithItsDefault(t *testing.T) {
	rows := table(t, "#### Keys of a repository")
	sameKeys(t, rows, new(Repository).fields("."))
	want, _ := entries(t, "", "")
	for key, value := range rows {
		if plain := strings.Trim(value, "`"); plain != value {
			if got, _ := entries(t, written(key, plain), ""); !got.Equal(want) {
				t.Errorf("%s is not %s by default: %+v", key, plain, want)
			}
		}
	}
	required(t, rows, "name", "url")
}

func TestTheReadmeHasEveryKeyOfAnAppWithItsDefault(t *testing.T) {
	rows := table(t, "#### Keys of an app")
	sameKeys(t, rows, new(App).fields())
	_, want := entries(t, "", "")
	if rows["namePrefix"] != "`\"\"`" {
		t.Errorf("namePrefix is %s in the README", rows["namePrefix"])
	}
	delete(rows, "namePrefix") // goes with paths alone
	for key, value := range rows {
		if plain := strings.Trim(value, "`"); plain != value {
			if _, got := entries(t, "", written(key, plain)); !got.Equal(want) {
				t.Errorf("%s is not %s by default: %+v", key, plain, want)
			}
		}
	}
	required(t, rows, "name", "path", "paths", "repository")
}

func sameKeys(t *testing.T, rows map[string]string, known fields) {
	t.Helper()
	documented, actual := slices.Sorted(maps.Keys(rows)), slices.Sorted(maps.Keys(known))
	if !reflect.DeepEqual(documented, actual) {
		t.Errorf("the README has the keys %s, the program %s", documented, actual)
	}
}

// required wants exactly those keys to have no default.
func required(t *testing.T, rows map[string]string, want ...string) {
	t.Helper()
	var got []string
	for key, value := range rows {
		if !strings.HasPrefix(value, "`") {
			got = append(got, key)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the README gives no default for %s, want so for %s", got, want)
	}
}

func TestTheReadmesExampleIsRight(t *testing.T) {
	_, text, found := strings.Cut(readme(t), "### Config file\n")
	_, text, yaml := strings.Cut(text, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	if !found || !yaml {
		t.Fatal("the README has no example of a config file")
	}
	c, err := Parse("config.yaml", []byte(text))
	if err != nil || len(c.Problems) > 0 || len(c.Apps) < 2 || len(c.Repositories) == 0 {
		t.Errorf("%+v, %v", c, err)
	}
}
