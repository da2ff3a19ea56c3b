package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

// fromElsewhere are defaults that the README describes, because they depend on the machine.
var fromElsewhere = map[string]bool{"name": true, "kubeconfig": true, "context": true, "state-dir": true}

func readme(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheReadmeHasEveryFlagWithItsDefault(t *testing.T) {
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)`[^|]*\\| *([^|]*?) *\\|").FindAllStringSubmatch(readme(t), -1) {
		rows[row[1]] = strings.Trim(row[2], "`")
	}
	newRun().Flags().VisitAll(func(flag *pflag.Flag) {
		documented, ok := rows[flag.Name]
		switch {
		case !ok:
			t.Errorf("--%s is not in the README", flag.Name)
		case documented != flag.DefValue && !fromElsewhere[flag.Name]:
			t.Errorf("--%s is %q by default, %q in the README", flag.Name, flag.DefValue, documented)
		}
		delete(rows, flag.Name)
	})
	for name := range rows {
		t.Errorf("--%s is in the README and not in the program", name)
	}
}

func TestTheReadmeSaysWhichContextsAreLocal(t *testing.T) {
	if want := "`" + strings.Join(localContexts, "`, `") + "`"; !strings.Contains(readme(t), want) {
		t.Errorf("the README does not list %s", want)
	}
}

func TestTheReadmeShowsEveryPackageOfTheHouse(t *testing.T) {
	folders, err := filepath.Glob("../../*/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	deeper, err := filepath.Glob("../../*/*/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range append(folders, deeper...) {
		folder, err := filepath.Rel("../..", filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(readme(t), "`"+filepath.ToSlash(folder)+"`") {
			t.Errorf("%s is not in the README", folder)
		}
	}
}
