package config_test

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

const password = "hunter2"

// inURL matches a password where it may be expected.
var inURL = regexp.MustCompile(`://[A-Za-z0-9]*:` + password + `@`)

// FuzzParse feeds any text, alone or behind the head of a config. Parsing must not panic, what it takes must be what its
// types promise, and the password of a URL must be in no message.
func FuzzParse(f *testing.F) {
	for _, text := range []string{
		"", "a: [", "- &a [*a]", "\t", "<<<<<<< a", "---\n---", everything, head + web, app("dependsOn: [web]"), many("namespace: ${APP}"),
		"? [a]\n: b", "\ufeffkind: Config", address("https://ada:" + password + "@git.example.com/a.git"), bomb(),
	} {
		f.Add([]byte(text), false)
	}
	for _, text := range []string{
		web, "- web", "- {name: web, name: web}", "- {path: https://ada:" + password + "@x, https://ada:" + password + "@x: y}",
		"- {name: https://ada:" + password + "@x, ref: {branch: https://ada:" + password + "@x}}", "- &a {vars: {A: *a}}",
		web + "  dependsOn: [db, front]\n- {paths: '[a-f]*', repository: shop}\n", web + "  vars: {A: !x 1, B: 0x1f}",
	} {
		f.Add([]byte(text), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, behind bool) {
		if behind {
			text = append([]byte(head), text...)
		}
		c, err := config.Parse("config.yaml", text)
		if err != nil {
			shows(t, text, err)
			return
		}
		if len(c.Problems) == 0 && len(c.Refused) > 0 {
			t.Errorf("refused without a word: %q", c.Refused)
		}
		for _, p := range c.Problems {
			soundProblem(t, text, p)
		}
		soundRepositories(t, c)
		soundApps(t, c)
	})
}

// shows refuses a message with a password in it, unless the text has the word elsewhere, too.
func shows(t *testing.T, text []byte, err error) {
	canary := !strings.Contains(inURL.ReplaceAllString(string(text), ""), password)
	if canary && strings.Contains(err.Error(), password) {
		t.Errorf("a password is shown: %v", err)
	}
}

// lineBreak matches what the parser counts as one.
var lineBreak = regexp.MustCompile(`\r\n|[\r\n\x{85}\x{2028}\x{2029}]`)

func soundProblem(t *testing.T, text []byte, p config.Problem) {
	shows(t, text, p)
	lines := 1 + len(lineBreak.FindAll(text, -1))
	if p.Line < 1 || p.Line > lines || p.Entry == "" || p.Message == "" || len(p.Error()) > 1024 {
		t.Errorf("problem in a file of %d lines: %+v", lines, p)
	}
}

func soundRepositories(t *testing.T, c *config.Config) {
	names := map[string]bool{}
	for _, r := range c.Repositories {
		if err := (git.Options{URL: r.URL, Branch: r.Branch, Ref: r.Ref}).Check(); err != nil || (r.Branch == "") == r.Ref.IsZero() {
			t.Errorf("repository %+v: %v", r, err)
		}
		if folder := !strings.Contains(r.URL, "://"); folder != filepath.IsAbs(r.URL) {
			t.Errorf("repository %+v", r)
		}
		if !label(r.Name) || names[r.Name] || !bounded(r.Interval) {
			t.Errorf("repository %+v", r)
		}
		names[r.Name] = true
		hooked := r.WebhookProvider != ""
		if hooked != filepath.IsAbs(r.WebhookSecrets) || hooked && filepath.IsAbs(r.URL) {
			t.Errorf("repository %+v", r)
		}
	}
}

func soundApps(t *testing.T, c *config.Config) {
	repositories, names := map[string]bool{}, map[string]bool{}
	for _, r := range c.Repositories {
		repositories[r.Name] = true
	}
	for _, app := range c.Apps {
		if app.Paths != "" {
			soundPattern(t, app)
		} else {
			soundApp(t, app)
		}
		if app.Name != "" && names[app.Name] || !repositories[app.Repository] {
			t.Errorf("app %+v", app)
		}
		names[app.Name] = true
	}
	waits := map[string][]string{}
	for _, app := range c.Apps {
		waits[app.Name] = app.DependsOn
	}
	delete(waits, "") // folders
	if cycles := sync.Cycles(waits); len(cycles) > 0 {
		t.Errorf("cycles %v", cycles)
	}
}

func soundApp(t *testing.T, app config.App) {
	if !label(app.Name) || app.NamePrefix != "" || len(validation.IsDNS1123Label(app.Namespace)) > 0 {
		t.Errorf("app %+v", app)
	}
	if app.Path != path.Clean(app.Path) || !below(app.Path) || app.AllowPrune < 0 || !bounded(app.Timeout) {
		t.Errorf("app %+v", app)
	}
}

func soundPattern(t *testing.T, app config.App) {
	if _, err := path.Match(app.Paths, "x"); err != nil || app.Name != "" || app.Path != "" || !below(app.Paths) {
		t.Errorf("app %+v: %v", app, err)
	}
	one, err := app.In("apps/a")
	long := len(app.Namespace) > 60 || len(app.NamePrefix) > 50
	if err != nil && !long {
		t.Errorf("app %+v: %v", app, err)
	}
	if err == nil {
		soundApp(t, one)
	}
}

func bounded(d time.Duration) bool {
	return d >= config.ShortestInterval && d <= config.LongestInterval
}

func label(name string) bool {
	return len(name) <= config.LongestName && len(validation.IsDNS1123Label(name)) == 0
}

func below(folder string) bool {
	return folder != "" && !path.IsAbs(folder) && folder != ".." && !strings.HasPrefix(folder, "../")
}
