package main

import (
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
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

// flagRows are the defaults of the table of flags under a heading.
func flagRows(t *testing.T, heading string) map[string]string {
	t.Helper()
	_, text, found := strings.Cut(readme(t), "\n"+heading+"\n")
	if !found {
		t.Fatalf("the README has no %s", heading)
	}
	text, _, _ = strings.Cut(text, "\n#")
	rows := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `--([a-z-]+)`[^|]*\\| *([^|]*?) *\\|").FindAllStringSubmatch(text, -1) {
		rows[row[1]] = strings.Trim(row[2], "`")
	}
	return rows
}

// holds compares the rows with the flags of a command.
func holds(t *testing.T, cmd *cobra.Command, rows map[string]string) {
	t.Helper()
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		documented, ok := rows[flag.Name]
		standard := strings.Trim(flag.DefValue, "[]") // as a list is written
		switch {
		case !ok:
			t.Errorf("--%s is not in the README", flag.Name)
		case documented != standard && !fromElsewhere[flag.Name]:
			t.Errorf("--%s is %q by default, %q in the README", flag.Name, standard, documented)
		}
		delete(rows, flag.Name)
	})
	for name := range rows {
		t.Errorf("--%s is in the README and not in the program", name)
	}
}

func TestTheReadmeHasEveryFlagWithItsDefault(t *testing.T) {
	run := flagRows(t, "### Flags of `lockstep run`")
	holds(t, newRun(), maps.Clone(run))
	plan := flagRows(t, "### Flags of `lockstep plan`")
	for _, name := range sharedFlags() {
		plan[name] = run[name]
	}
	holds(t, newPlan(), plan)
	rbac := flagRows(t, "### Flags of `lockstep rbac`")
	for _, name := range sharedFlags() {
		rbac[name] = run[name]
	}
	holds(t, newRBAC(), rbac)
}

// sharedFlags are those that say which app is meant, and which cluster.
func sharedFlags() []string {
	var names []string
	cmd := &cobra.Command{}
	(&sourceFlags{}).register(cmd)
	cmd.Flags().VisitAll(func(flag *pflag.Flag) { names = append(names, flag.Name) })
	return names
}

func TestTheReadmeSaysWhatThePlansJSONHas(t *testing.T) {
	text := strings.Join(strings.Fields(readme(t)), " ")
	for of, want := range map[reflect.Type]string{
		reflect.TypeFor[planSummary]():  "summary{create,configure,prune,unchanged,skip}",
		reflect.TypeFor[planProblem]():  "errors[{object,file,line,message}]",
		reflect.TypeFor[plannedBlock](): "blocked{message,objects[]}",
		reflect.TypeFor[plannedField](): "fields[{path,old,new,secret}]",
		reflect.TypeFor[plannedApp](): "name namespace repository path revision summary{create,configure,prune,unchanged,skip} warnings[] " +
			"errors[{object,file,line,message}] blocked{message,objects[]} objects[{object,",
		reflect.TypeFor[plannedObject](): "objects[{object,action,fields[{path,old,new,secret}],file,line,why,drift,by[]}]",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the README does not say %s", want)
		}
		for field := range of.Fields() {
			key, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			if !strings.Contains(want, key) {
				t.Errorf("%s of %s is not in the README", key, of.Name())
			}
		}
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
