package config_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
)

// everything is the design's example, and what it leaves out.
const everything = `# what this cluster runs
apiVersion: lockstep.dev/v1alpha1
kind: Config
repositories:
- name: shop
  url: https://git.example.com/team/shop.git
  ref: {branch: release/1.2}
  interval: 45s
  timeout: 5m
  credentials: {dir: keys/shop}
  proxy: http://proxy.example.com:3128
- name: here
  url: manifests/..
apps:
- name: web
  repository: shop
  path: ./manifests/web/
  namespace: default
  serviceAccount: ""
  prune: true
  conflicts: report
  dependsOn: []
  gate: {timeout: 5m}
  onFailure: hold
  suspend: false
- paths: "apps/*"
  repository: here
  namePrefix: team-
  namespace: "shop-${APP}"
  serviceAccount: deployers/shop
  prune: false
  allowPrune: 7
  conflicts: force
  drift: detect
  dependsOn: [web]
  gate: {timeout: 90s, probe: [http://web:http/health, https://api.shop.svc]}
  suspend: true
  health:
  - apiVersion: example.com/*
    kind: Widget
    current: status.phase == 'Ready'
    failed: status.phase == 'Broken'
    inProgress: status.phase == 'Building'
    message: status.message
  vars: {REGION: eu, PORT: 8080, RATIO: 1.10, DEBUG: true, MODE: 0644, DAY: 2024-01-02, EMPTY: ""}
`

func TestEveryKeyIsTaken(t *testing.T) {
	folder := t.TempDir()
	c, err := config.Parse(filepath.Join(folder, "config.yaml"), []byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	want := &config.Config{
		Repositories: []config.Repository{
			{
				Name: "shop", URL: "https://git.example.com/team/shop.git", Branch: "release/1.2", Interval: 45 * time.Second, Timeout: 5 * time.Minute, Line: 5,
				Credentials: filepath.Join(folder, "keys", "shop"), Proxy: "http://proxy.example.com:3128",
			},
			{Name: "here", URL: folder, Branch: "main", Interval: 30 * time.Second, Timeout: time.Minute, Line: 12},
		},
		Apps: []config.App{{
			Name: "web", Repository: "shop", Path: "manifests/web", Namespace: "default", Prune: true, Timeout: 5 * time.Minute, Line: 15,
		}, {
			Paths: "apps/*", Repository: "here", NamePrefix: "team-", Namespace: "shop-${APP}", ServiceAccount: "deployers/shop",
			Rules: []health.Rule{{
				APIVersion: "example.com/*", Kind: "Widget", Current: "status.phase == 'Ready'", Failed: "status.phase == 'Broken'",
				InProgress: "status.phase == 'Building'", Message: "status.message",
			}},
			Probes: []probe.URL{
				{Scheme: "http", Service: "web", Port: "http", Path: "/health"},
				{Scheme: "https", Service: "api", Namespace: "shop", Port: "443", Path: "/"},
			},
			AllowPrune: 7, Force: true, DetectOnly: true, DependsOn: []string{"web"}, Timeout: 90 * time.Second, Suspend: true,
			Vars: map[string]string{
				"REGION": "eu", "PORT": "8080", "RATIO": "1.10", "DEBUG": "true", "MODE": "0644", "DAY": "2024-01-02", "EMPTY": "",
			},
			Line: 26,
		}},
	}
	if !reflect.DeepEqual(c, want) {
		t.Errorf("got  %+v\nwant %+v", c, want)
	}
}

func TestLineEndsAndByteOrderMarksMakeNoDifference(t *testing.T) {
	want := good(t, everything)
	for _, text := range []string{strings.ReplaceAll(everything, "\n", "\r\n"), "\ufeff" + everything, "---\n" + everything + "...\n"} {
		got := good(t, text)
		for i, app := range want.Apps {
			if !got.Apps[i].Equal(app) {
				t.Errorf("got %+v, want %+v", got.Apps[i], app)
			}
		}
	}
}

func TestAnAliasIsWhatItStandsFor(t *testing.T) {
	c := good(t, head+"- {name: a, repository: shop, path: a, vars: &v {X: 1}}\n- {name: b, repository: shop, path: b, vars: *v}\n")
	if !reflect.DeepEqual(c.Apps[0].Vars, c.Apps[1].Vars) || c.Apps[1].Vars["X"] != "1" {
		t.Errorf("apps %+v", c.Apps)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	folder := t.TempDir()
	file := filepath.Join(folder, "config.yaml")
	if _, err := config.Load(file); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file that is not there: %v", err)
	}
	if _, err := config.Load(folder); err == nil || err.Error() != "read config: "+folder+" is not a file" {
		t.Errorf("a folder: %v", err)
	}
	write(t, file, head+web+"- 5\n")
	c, err := config.Load(file)
	if err != nil || len(c.Apps) != 1 || c.Problems[0].Error() != file+":10: app 2: want a map, this is a number" {
		t.Errorf("%+v, %v", c, err)
	}
	write(t, file, head+strings.Repeat("# much\n", 1<<18))
	if _, err := config.Load(file); err == nil || err.Error() != file+": larger than 1048576 bytes" {
		t.Errorf("a large file: %v", err)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatIsNoConfigIsRefusedAsAWhole(t *testing.T) {
	for text, want := range map[string]string{
		"":                                 ": the file is empty",
		"# nothing":                        ": the file is empty",
		"\n- a":                            ":2: want a map with apiVersion and kind, this is a list",
		"null":                             ":1: want a map with apiVersion and kind, this is null",
		head + "a: [":                      ":7: not valid YAML: did not find expected node content",
		head + web + "  namespace: a: b\n": ":10: not valid YAML: mapping values are not allowed in this context",
		head + web + "\tnamespace: a\n":    ":10: a tab is used to indent; YAML allows only spaces",
		head + "<<<<<<< HEAD\n" + web + "=======\n>>>>>>> b\n": ":7: a merge conflict was left in; resolve it",
		head + web + ">>>>>>> b\n":                             ":10: a merge conflict was left in; resolve it",
		head + "- *web\n":                                      ":7: not valid YAML: an alias (*name) of an anchor that is not there; quote text that begins with *",
		head + "- \xff\n":                                      ":7: not UTF-8",
		head + "- \x01\n":                                      ":1: not valid YAML: control characters are not allowed",
		head + web + "---\n" + head:                            ": more than one document; a config is one",
		head + web + "apps: []\n":                              ":10: duplicate key \"apps\"",
		head + web + "app: []\n":                               ":10: unknown field \"app\"",
		head + web + "? [a]\n: b\n":                            ":10: unknown field",
		head + "  web: {}\n":                                   ":7: apps: want a list, this is a map; write [] for none",
		head:                                                   ":6: apps: want a list, this is null; write [] for none",
		strings.Replace(head, "apps:\n", "", 1):                ": apps: missing; write apps: [] for none",
		"apiVersion: lockstep.dev/v1alpha1\nkind: Config\napps: []\n": ": repositories: missing; write repositories: [] for none",
		"kind: Config\n": ":1: apiVersion: missing; want lockstep.dev/v1alpha1",
		"apiVersion: lockstep.dev/v1\nkind: Config\n":                   ":1: apiVersion: want lockstep.dev/v1alpha1",
		"apiVersion: lockstep.dev/v1alpha1\n":                           ":1: kind: missing; want Config",
		"apiVersion: lockstep.dev/v1alpha1\nkind: ConfigMap\n":          ":2: kind: want Config",
		"apiVersion: lockstep.dev/v1alpha1\nkind: !!binary Config\n":    ":2: kind: want Config",
		head + "- " + strings.Repeat("[", 30) + strings.Repeat("]", 30): ":7: nested more than 20 deep",
		head + "- &a [*a]\n":                           ":7: nested more than 20 deep",
		head + "- " + strings.Repeat("[", 9_000):       ":7: not valid YAML: did not find expected node content",
		head + strings.Repeat("- [a,a,a,a]\n", 20_000): ": more than 100000 keys and values",
		head + strings.Repeat("- a\n", 5_001):          ":7: apps: more than 5000",
		head + strings.Repeat("#", 1<<20):              ": larger than 1048576 bytes",
		head + bomb():                                  ":8: more than 100000 keys and values, aliases written out",
	} {
		if got := strings.TrimPrefix(refused(t, text), "config.yaml"); got != want {
			t.Errorf("%.300q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

// bomb is a few lines that stand for 10^9 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("- &a0 [x]\n")
	for i := range 9 {
		from, to := string(rune('0'+i)), string(rune('1'+i))
		b.WriteString("- &a" + to + " [" + strings.TrimSuffix(strings.Repeat("*a"+from+", ", 10), ", ") + "]\n")
	}
	return b.String()
}
