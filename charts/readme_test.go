package charts

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// documented is one key of the values, with what its comment says.
type documented struct{ key, standard, meaning string }

// valueRows are the keys of values.yaml that have a comment, and those of maps without one in their place.
func valueRows(t *testing.T, prefix string, n *yaml.Node) (rows []documented) {
	t.Helper()
	for i := 0; i+1 < len(n.Content); i += 2 {
		name, value := n.Content[i], n.Content[i+1]
		key := prefix + name.Value
		comment := strings.Join(strings.Fields(regexp.MustCompile(`(?m)^# ?`).ReplaceAllString(name.HeadComment, "")), " ")
		switch {
		case comment != "" && !strings.HasPrefix(comment, "The comment above a key"):
			rows = append(rows, documented{key, standardOf(t, value), comment})
		case value.Kind == yaml.MappingNode && len(value.Content) > 0:
			rows = append(rows, valueRows(t, key+".", value)...)
		default:
			t.Errorf("values.yaml:%d: %s has no comment that says what it means", name.Line, key)
		}
	}
	return rows
}

// standardOf is a default as it stands in a table.
func standardOf(t *testing.T, n *yaml.Node) string {
	t.Helper()
	if n.Kind == yaml.SequenceNode && len(n.Content) > 3 {
		return "see values.yaml"
	}
	copied := *n
	copied.HeadComment, copied.FootComment, copied.LineComment = "", "", ""
	copied.Style = yaml.FlowStyle
	text, err := yaml.Marshal(&copied)
	must(t, err)
	return "`" + strings.Join(strings.Fields(string(text)), " ") + "`"
}

// readme is the chart's README, with the table of its values in the place of the old one.
func readme(t *testing.T) (is, want string) {
	t.Helper()
	values, err := os.ReadFile(filepath.Join(chart, "values.yaml"))
	must(t, err)
	var file yaml.Node
	must(t, yaml.Unmarshal(values, &file))
	table := "| key | default | meaning |\n|---|---|---|\n"
	for _, row := range valueRows(t, "", file.Content[0]) {
		table += fmt.Sprintf("| `%s` | %s | %s |\n", row.key, strings.ReplaceAll(row.standard, "|", `\|`), strings.ReplaceAll(row.meaning, "|", `\|`))
	}
	text, err := os.ReadFile(filepath.Join(chart, "README.md"))
	must(t, err)
	const heading = "\n## Values\n\n"
	head, _, found := strings.Cut(string(text), heading)
	if !found {
		t.Fatal("the chart's README has no heading Values")
	}
	return string(text), head + heading + table
}

func TestTheReadmeOfTheChartHasEveryValue(t *testing.T) {
	is, want := readme(t)
	if *write {
		must(t, os.WriteFile(filepath.Join(chart, "README.md"), []byte(want), 0o644))
		return
	}
	if is != want {
		t.Error("charts/lockstep/README.md is not what values.yaml says: make chart-docs")
	}
}

// TestTheReadmesCommandsName what there is: every value that an example sets is one of the chart's.
func TestTheReadmesExamplesRender(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(chart, "README.md"))
	must(t, err)
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) == 0 {
		t.Fatal("the chart's README has no example")
	}
	for _, block := range blocks {
		file := filepath.Join(t.TempDir(), "values.yaml")
		must(t, os.WriteFile(file, []byte(block[1]), 0o600))
		if _, err := helm(t, "template", "lockstep", chart, "--values", file, "--set", "path=."); err != nil {
			t.Errorf("%v of\n%s", err, block[1])
		}
	}
}
