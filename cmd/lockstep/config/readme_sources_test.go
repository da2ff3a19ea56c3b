package config

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// sources is the README's section on where repositories are and what opens them.
func sources(t *testing.T) string {
	t.Helper()
	_, text, found := strings.Cut(readme(t), "\n## Repositories and credentials\n")
	if !found {
		t.Fatal("the README has no section Repositories and credentials")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

func TestTheReadmesExampleOfSourcesIsRight(t *testing.T) {
	_, text, _ := strings.Cut(sources(t), "```yaml\n")
	text, _, _ = strings.Cut(text, "```")
	c, err := Parse("config.yaml", []byte(text))
	if err != nil || len(c.Problems) > 0 || len(c.Repositories) < 4 {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestTheReadmeHasEveryFileOfCredentials(t *testing.T) {
	code, err := os.ReadFile("../../../git/credentials.go")
	if err != nil {
		t.Fatal(err)
	}
	known := regexp.MustCompile(`(?m)^\tfile\w+ += "(\S+)"`).FindAllStringSubmatch(string(code), -1)
	if len(known) < 10 {
		t.Fatalf("found only %q in the code", known)
	}
	_, rows, _ := strings.Cut(sources(t), "| file |")
	rows, _, _ = strings.Cut(rows, "\n\n")
	for _, name := range known {
		if !strings.Contains(rows, "`"+name[1]+"`") {
			t.Errorf("the README does not have %s", name[1])
		}
	}
}
