package charts

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// mainReadme is the README of the repository, which has all keys of the config file; the program's own tests see to that.
func mainReadme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../README.md")
	must(t, err)
	return string(text)
}

// schema is a part of the values' schema.
type schema struct {
	Properties           map[string]schema
	Definitions          map[string]schema
	AdditionalProperties any
	Items                *schema
	Enum                 []any
	Ref                  string `json:"$ref"`
}

func valuesSchema(t *testing.T) schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "values.schema.json"))
	must(t, err)
	var s schema
	must(t, json.Unmarshal(text, &s))
	return s
}

// keys are those of a schema's objects, with dots between those of maps within each other.
func (s schema) keys(prefix string, all map[string]schema) (keys []string) {
	if name, ok := strings.CutPrefix(s.Ref, "#/definitions/"); ok {
		s = all[name]
	}
	for name, below := range s.Properties {
		if deeper := below.keys(prefix+name+".", all); len(deeper) > 0 {
			keys = append(keys, deeper...)
		} else {
			keys = append(keys, prefix+name)
		}
	}
	return keys
}

func TestTheSchemaHasEveryKeyOfTheConfigFile(t *testing.T) {
	text, s := mainReadme(t), valuesSchema(t)
	for heading, definition := range map[string]string{
		"#### Keys of a repository\n": "repositoryEntry", "#### Keys of an app\n": "appEntry", "#### Keys of a notification\n": "notificationEntry",
	} {
		_, table, found := strings.Cut(text, heading)
		table, _, _ = strings.Cut(table, "\n#")
		var want []string
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-zA-Z.]+)` \\|").FindAllStringSubmatch(table, -1) {
			want = append(want, row[1])
		}
		got := s.Definitions[definition].keys("", s.Definitions)
		got = slices.DeleteFunc(got, func(key string) bool { return key == "true" }) // on, as Helm reads it
		slices.Sort(got)
		slices.Sort(want)
		if !found || len(want) == 0 || !slices.Equal(got, want) {
			t.Errorf("%s: the schema has %s, the README %s", definition, got, want)
		}
	}
}

// TestTheSchemaHasEveryReason asks the program for each word of the schema, and of the README's tables, whether one can be told of it.
func TestTheSchemaHasEveryReason(t *testing.T) {
	words := valuesSchema(t).Definitions["words"].Items.Enum
	listed := len(words)
	for _, row := range regexp.MustCompile(`(?m)^\|.*$`).FindAllString(mainReadme(t), -1) {
		for _, found := range regexp.MustCompile("`([A-Z][A-Za-z]+)`").FindAllStringSubmatch(row, -1) {
			words = append(words, found[1])
		}
	}
	config := "apiVersion: lockstep.dev/v1alpha1\nkind: Config\nrepositories: []\napps: []\nnotifications:\n"
	for i, word := range words {
		config += fmt.Sprintf("- {name: n%d, type: slack, urlFile: a, on: [%s]}\n", i, word)
	}
	said := judge(t, config)
	for i, word := range words {
		refused := strings.Contains(said, fmt.Sprintf(`notification \"n%d\": on:`, i))
		if known := slices.Contains(words[:listed], word); refused == known {
			t.Errorf("%s: in the schema %t, refused by the program %t", word, known, refused)
		}
	}
}

func TestTheConfigFileOfTheReadmeIsTaken(t *testing.T) {
	_, text, found := strings.Cut(mainReadme(t), "### Config file\n")
	_, text, _ = strings.Cut(text, "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	if !found || text == "" {
		t.Fatal("the README has no example of a config file")
	}
	text += "notifications:\n- {name: chat, type: slack, urlFile: /etc/lockstep/notifications/slack/url, on: [Failed]}\n"
	path := filepath.Join(t.TempDir(), "values.yaml")
	must(t, os.WriteFile(path, []byte("rbac: {mode: none}\nconfig:\n  "+strings.ReplaceAll(text, "\n", "\n  ")), 0o600))
	config, why := renderedFile(t, path)
	if why != "" {
		t.Fatal(why)
	}
	if said := judge(t, config); said != "" || !strings.Contains(config, `"on":`) {
		t.Errorf("%s of\n%s", said, config)
	}
}

// places are the maps among values, by the keys that lead there.
func places(prefix string, values map[string]any) map[string][]string {
	all := map[string][]string{prefix: slices.Sorted(maps.Keys(values))}
	for key, value := range values {
		if below, ok := value.(map[string]any); ok {
			maps.Copy(all, places(strings.TrimPrefix(prefix+"."+key, "."), below))
		}
	}
	return all
}

func defaults(t *testing.T) (values map[string]any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	must(t, err)
	must(t, yaml.Unmarshal(text, &values))
	return values
}

// open are the maps whose keys are the user's own.
var open = []string{
	"secrets.credentials", "secrets.keys", "secrets.webhooks", "secrets.notifications", "env", "serviceAccount.annotations", "nodeSelector",
	"commonLabels", "commonAnnotations", "podLabels", "podAnnotations", "webhook.ingress.annotations", "metrics.serviceMonitor.labels", "metrics.prometheusRule.labels", "metrics.dashboard.labels",
}

func TestAKeyThatThereIsNotIsRefusedAtEveryDepth(t *testing.T) {
	for place := range places("", defaults(t)) {
		key := strings.TrimPrefix(place+".surprise", ".")
		_, err := helm(t, "template", "lockstep", chart, "--set", "repository.url=https://git.example.com/shop.git", "--set", key+"=a")
		if refused := err != nil && strings.Contains(err.Error(), "surprise"); refused == slices.Contains(open, place) {
			t.Errorf("%s: %v", key, err)
		}
	}
}

// TestValuesMayBeMissing takes each value away, as null does, and as an upgrade with --reuse-values does from a version that
// had fewer of them.
func TestValuesMayBeMissing(t *testing.T) {
	for place, keys := range places("", defaults(t)) {
		for _, key := range keys {
			key = strings.TrimPrefix(place+"."+key, ".")
			set := []string{"template", "lockstep", chart, "--set", key + "=null"}
			for _, other := range []string{
				"repository.url=https://git.example.com/shop.git", "metrics.serviceMonitor.enabled=true",
				"metrics.prometheusRule.enabled=true", "metrics.dashboard.enabled=true",
			} {
				if !strings.HasPrefix(other, key+".") && !strings.HasPrefix(other, key+"=") {
					set = append(set, "--set", other)
				}
			}
			_, err := helm(t, set...)
			if err != nil && !strings.Contains(err.Error(), "schema") && !strings.Contains(err.Error(), "missing") {
				t.Errorf("%s: %v", key, err)
			}
		}
	}
}

// ofTheChart are flags that the chart sets by values of its own, and those that have no sense in it.
var ofTheChart = []string{
	"config", "listen", "log-format", "log-level", "leader-elect", "lease-name", "shards", "state-dir", "state-limit", "sync-token-file",
	"webhook-listen", "context", "kubeconfig", "state-namespace", "once", "help",
}

// TestEveryFlagIsAValueOrMayBeAdded holds extraArgs to the flags that there are: those that a config file goes with, and that the
// chart does not set itself.
func TestEveryFlagIsAValueOrMayBeAdded(t *testing.T) {
	lockstep := program(t, "..", "./cmd/lockstep")
	help, err := exec.Command(lockstep, "run", "--help").Output()
	must(t, err)
	for _, found := range regexp.MustCompile(`(?m)^ +(?:-[a-z], )?--([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
		flag := found[1]
		_, refused := helm(t, "template", "lockstep", chart, "--set", "repository.url=https://git.example.com/shop.git",
			"--set", fmt.Sprintf("extraArgs={--%s=3s}", flag))
		mine := slices.Contains(ofTheChart, flag)
		for _, value := range []string{"3s", "true", "hold"} {
			out, _ := exec.Command(lockstep, "run", "--config", "none", "--leader-elect", "--"+flag+"="+value).CombinedOutput()
			mine = mine || strings.Contains(string(out), "does not go with --config")
		}
		if (refused != nil) != mine {
			t.Errorf("--%s among extraArgs: %v; the chart's own, or an app's: %t", flag, refused, mine)
		}
	}
}
