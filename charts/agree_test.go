package charts

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// entry is what a config file holds of one kind, with a key of it as it is judged.
type entry struct {
	kind, text string // text is in YAML's flow style, without the braces
	ok         bool
}

// standard are the keys that an entry has to have, and that its text may have otherwise.
var standard = map[string]map[string]any{
	"repositories":  {"name": "shop", "url": "https://git.example.com/shop.git"},
	"apps":          {"name": "web", "repository": "shop", "path": "web"},
	"notifications": {"name": "chat"},
}

// config is a whole config with one entry as the text says.
func (e entry) config(t *testing.T) map[string]any {
	t.Helper()
	whole := map[string]any{"apiVersion": "lockstep.dev/v1alpha1", "kind": "Config"}
	for kind, keys := range standard {
		entry := maps.Clone(keys)
		if kind == e.kind {
			maps.Copy(entry, e.keys(t))
			if entry["paths"] != nil && !strings.Contains(e.text, "path:") {
				delete(entry, "path")
				delete(entry, "name")
			}
		}
		if kind != "notifications" || kind == e.kind {
			whole[kind] = []any{entry}
		}
	}
	return whole
}

func (e entry) keys(t *testing.T) (keys map[string]any) {
	t.Helper()
	must(t, yaml.Unmarshal([]byte("{"+e.text+"}"), &keys)) // as the program reads it: "on" is a text
	return keys
}

// oneApp are the same keys as values of an installation for one app; ok is false where these have no such keys.
func (e entry) oneApp(t *testing.T) (values map[string]any, ok bool) {
	t.Helper()
	repository := map[string]any{"url": "https://git.example.com/shop.git"}
	values, settings := map[string]any{"repository": repository}, map[string]any{}
	for key, value := range e.keys(t) {
		credentials, _ := value.(map[string]any)
		switch {
		case e.kind == "repositories" && key == "credentials" && credentials["dir"] != nil:
			repository["credentialsSecret"] = "shop"
		case e.kind == "repositories" && slices.Contains([]string{"url", "ref", "interval", "timeout", "proxy"}, key):
			repository[key] = value
		case e.kind == "apps" && slices.Contains([]string{"name", "namespace"}, key) && value != "":
			values["app"] = map[string]any{key: value}
		case e.kind == "apps" && key == "path":
			values["path"] = value
		case e.kind == "apps" && !slices.Contains([]string{"repository", "paths", "namePrefix", "dependsOn"}, key):
			settings[key] = value
		default:
			return nil, false
		}
	}
	if values["app"] == nil {
		values["app"] = map[string]any{"settings": settings}
	}
	return values, true
}

// rendered is the config that the chart makes of values, and why it makes none.
func rendered(t *testing.T, values map[string]any) (config, why string) {
	t.Helper()
	text, err := json.Marshal(values)
	must(t, err)
	path := filepath.Join(t.TempDir(), "values.yaml")
	must(t, os.WriteFile(path, text, 0o600))
	return renderedFile(t, path)
}

func renderedFile(t *testing.T, values string) (config, why string) {
	t.Helper()
	out, err := helm(t, "template", "lockstep", chart, "--show-only", "templates/configmap.yaml", "--values", values)
	if err != nil {
		return "", err.Error()
	}
	return objects(t, out)[0].Object["data"].(map[string]any)["lockstep.yaml"].(string), ""
}

// judge is what the program itself says of a config: nothing, where it takes all of it.
func judge(t *testing.T, config string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "lockstep.yaml")
	must(t, os.WriteFile(path, []byte(config), 0o600))
	// The config is read before the cluster is looked for, of which there is none.
	cmd := exec.Command(program(t, "..", "./cmd/lockstep"), "run", "--config", path, "--state-dir", t.TempDir(),
		"--kubeconfig", filepath.Join(t.TempDir(), "none"))
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatalf("it runs without a cluster: %s", out)
	}
	if said := string(out); strings.Contains(said, "left out") || !strings.Contains(said, "kubeconfig: stat") {
		return said
	}
	return ""
}

// TestTheSchemaAndTheProgramAgree holds what the chart takes to what the program takes, in both of the ways in which a chart's
// user may say it.
func TestTheSchemaAndTheProgramAgree(t *testing.T) {
	for i, e := range entries() {
		t.Run(fmt.Sprintf("%s-%d", e.kind, i), func(t *testing.T) {
			t.Parallel()
			whole := e.config(t)
			text, err := yaml.Marshal(whole)
			must(t, err)
			if said := judge(t, string(text)); (said == "") != e.ok {
				t.Errorf("%s: the program: want %t, got %q", e.text, e.ok, said)
			}
			e.agrees(t, "config", map[string]any{"config": whole, "rbac": map[string]any{"mode": "none"}})
			if values, ok := e.oneApp(t); ok {
				e.agrees(t, "one app", values)
			}
		})
	}
}

func (e entry) agrees(t *testing.T, way string, values map[string]any) {
	t.Helper()
	config, why := rendered(t, values)
	switch {
	case e.ok && why != "":
		t.Errorf("%s: %s: the chart refuses it: %s", e.text, way, why)
	case !e.ok && why == "":
		t.Errorf("%s: %s: the chart takes it:\n%s", e.text, way, config)
	case why == "":
		if said := judge(t, config); said != "" {
			t.Errorf("%s: %s: the program does not take what the chart made of it: %s", e.text, way, said)
		}
	case strings.Contains(why, "nil pointer"), strings.Contains(why, "wrong type"):
		t.Errorf("%s: %s: no words for people: %s", e.text, way, why)
	}
}
