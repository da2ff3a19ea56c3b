package config_test

import (
	"path"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/git"
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
		canary := !strings.Contains(inURL.ReplaceAllString(string(text), ""), password)
		c, err := config.Parse("config.yaml", text)
		if err != nil {
			if c != nil || canary && strings.Contains(err.Error(), password) {
				t.Fatalf("%v, %v", c, err)
			}
			return
		}
		lines := strings.Count(string(text), "\n") + strings.Count(string(text), "\r") + strings.Count(string(text), "\u0085") +
			strings.Count(string(text), "\u2028") + strings.Count(string(text), "\u2029") + 1
		for _, p := range c.Problems {
			if p.Line < 1 || p.Line > lines || p.Entry == "" || len(p.Error()) > 1024 || canary && strings.Contains(p.Error(), password) {
				t.Errorf("problem in a file of %d lines: %s", lines, p)
			}
		}
		if (len(c.Problems) == 0) && len(c.Refused) > 0 {
			t.Errorf("refused without a word: %q", c.Refused)
		}
		repositories := sound(t, c)
		for _, a := range c.Apps {
			soundApp(t, c, a, repositories)
		}
	})
}

// sound checks the repositories, and returns their names.
func sound(t *testing.T, c *config.Config) map[string]bool {
	names := map[string]bool{}
	for _, r := range c.Repositories {
		err := git.Options{URL: r.URL, Branch: r.Branch}.Check()
		folder := !strings.Contains(r.URL, "://")
		if err != nil || folder != filepath.IsAbs(r.URL) || !label(r.Name) || names[r.Name] || r.Branch == "" ||
			r.Interval < config.ShortestInterval || r.Interval > config.LongestInterval {
			t.Errorf("repository %+v: %v", r, err)
		}
		names[r.Name] = true
	}
	return names
}

func soundApp(t *testing.T, c *config.Config, a config.App, repositories map[string]bool) {
	single := a
	if a.Paths != "" {
		if _, err := path.Match(a.Paths, "x"); err != nil || a.Name != "" || a.Path != "" || !below(a.Paths) {
			t.Errorf("app %+v: %v", a, err)
		}
		var err error
		if single, err = a.In("apps/a"); err != nil && len(a.Namespace) < 60 && len(a.NamePrefix) < 50 {
			t.Errorf("app %+v: %v", a, err)
		} else if err != nil {
			return
		}
	}
	if !label(single.Name) || single.Path != path.Clean(single.Path) || !below(single.Path) || len(validation.IsDNS1123Label(single.Namespace)) > 0 ||
		!repositories[a.Repository] || a.AllowPrune < 0 || a.Timeout < config.ShortestInterval || a.Timeout > config.LongestInterval {
		t.Errorf("app %+v", a)
	}
	same := 0
	for _, other := range c.Apps {
		if a.Name != "" && other.Name == a.Name {
			same++
		}
	}
	if same > 1 || config.Cycles(c.Apps)[a.Name] != "" {
		t.Errorf("%d apps %q, cycle %q", same, a.Name, config.Cycles(c.Apps)[a.Name])
	}
}

func label(name string) bool {
	return len(name) <= config.LongestName && len(validation.IsDNS1123Label(name)) == 0
}

func below(folder string) bool {
	return folder != "" && !path.IsAbs(folder) && folder != ".." && !strings.HasPrefix(folder, "../")
}
