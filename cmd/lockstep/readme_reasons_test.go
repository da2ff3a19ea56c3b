package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// unsaid are reasons that explain nothing to anybody: what goes on as it should.
var unsaid = []string{"RolloutInProgress"}

func TestTheReadmeExplainsEveryReason(t *testing.T) {
	_, text, found := strings.Cut(readme(t), "\n## Why not\n")
	if !found {
		t.Fatal("the README has no section Why not")
	}
	text, _, _ = strings.Cut(text, "\n## ")
	known := reasons(t)
	for _, row := range regexp.MustCompile("(?m)^\\| `([A-Za-z]+)` \\|").FindAllStringSubmatch(text, -1) {
		if !slices.Contains(known, row[1]) {
			t.Errorf("%s is in the README twice, or not in the program", row[1])
		}
		known = slices.DeleteFunc(known, func(reason string) bool { return reason == row[1] })
	}
	for _, reason := range known {
		if !slices.Contains(unsaid, reason) {
			t.Errorf("%s is not in the README", reason)
		}
	}
}

// reasons are the values of the constants of the type Reason in package health.
func reasons(t *testing.T) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "../../health/reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	ast.Inspect(file, func(node ast.Node) bool {
		spec, ok := node.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if kind, typed := spec.Type.(*ast.Ident); typed && kind.Name == "Reason" && len(spec.Values) == 1 {
			value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, value)
		}
		return true
	})
	if len(all) == 0 {
		t.Fatal("no reasons found in package health")
	}
	return all
}
