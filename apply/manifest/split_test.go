package manifest_test

import (
	"strings"
	"testing"
)

// config is a small object, of as many lines as named has.
func config(name string) string { return strings.Replace(named, "name: a", "name: "+name, 1) }

// TestDocumentsAreCutWhereYAMLCutsThem has files with the objects a and b, and the lines at which they begin.
func TestDocumentsAreCutWhereYAMLCutsThem(t *testing.T) {
	for name, tt := range map[string]struct {
		text        string
		lineA       int
		lineB, docB int
	}{
		"a marker":                  {config("a") + "---\n" + config("b"), 1, 6, 2},
		"a marker with spaces":      {config("a") + "---  \t\n" + config("b"), 1, 6, 2},
		"a marker with a comment":   {config("a") + "--- # next\n" + config("b"), 1, 6, 2},
		"a marker before content":   {config("a") + "--- {apiVersion: v1, kind: A, metadata: {name: b}}\n", 1, 5, 2},
		"markers at both ends":      {"---\n" + config("a") + "---\n" + config("b") + "---\n", 2, 7, 2},
		"an end mark":               {config("a") + "...\n" + config("b"), 1, 6, 2},
		"an end and a marker":       {config("a") + "...\n---\n" + config("b"), 1, 7, 2},
		"comments and blanks":       {"\n# first\n\n" + config("a") + "---\n\n# second\n" + config("b"), 4, 11, 2},
		"comments before a marker":  {"# first\n---\n" + config("a") + "---\n" + config("b"), 3, 8, 2},
		"an empty one in between":   {config("a") + "---\n---\n" + config("b"), 1, 7, 3},
		"directives":                {"%YAML 1.1\n---\n" + config("a") + "...\n%YAML 1.1\n---\n" + config("b"), 3, 10, 2},
		"dashes in a text":          {config("a") + "x: |\n  ---\n  ...\n---\n" + config("b"), 1, 9, 2},
		"four dashes":               {config("a") + "x:\n  ---- y\n---\n" + config("b"), 1, 8, 2},
		"a long comment in between": {config("a") + strings.Repeat("# c\n", 50) + "---\n" + config("b"), 1, 56, 2},
	} {
		for end, text := range map[string]string{"LF": tt.text, "CRLF": strings.ReplaceAll(tt.text, "\n", "\r\n")} {
			set := read(t, folder("a.yaml", text))
			if len(set.Manifests) != 2 {
				t.Errorf("%s, %s: %d objects", name, end, len(set.Manifests))
				continue
			}
			a, b := set.Manifests[0], set.Manifests[1]
			if a.Line != tt.lineA || a.Document != 1 || b.Line != tt.lineB || b.Document != tt.docB {
				t.Errorf("%s, %s: a at %d in %d, b at %d in %d", name, end, a.Line, a.Document, b.Line, b.Document)
			}
		}
	}
}

func TestABrokenDocumentDoesNotHideTheNext(t *testing.T) {
	all := refused(t, folder("a.yaml", "a: [\n---\nb: \"\n---\n"+config("a")+"---\nc: d: e\n"))
	want := "a.yaml:1: not valid YAML: did not find expected node content; " +
		"a.yaml:3: document 2: not valid YAML: found unexpected end of stream; " +
		"a.yaml:10: document 4: not valid YAML: mapping values are not allowed in this context"
	if all.Error() != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
}

func TestJSONDocumentsFollowEachOther(t *testing.T) {
	object := func(name string) string {
		return "{\n\t\"apiVersion\": \"v1\", \"kind\": \"A\",\n\t\"metadata\": {\"name\": \"" + name + "\"}\n}"
	}
	for name, tt := range map[string]struct {
		text         string
		lineA, lineB int
	}{
		"on lines":      {object("a") + "\n" + object("b") + "\n", 1, 5},
		"at once":       {object("a") + object("b"), 1, 4},
		"far apart":     {"\n\n" + object("a") + "\n\n\n" + object("b"), 3, 9},
		"with BOM":      {"\xef\xbb\xbf" + object("a") + "\n" + object("b"), 1, 5},
		"with CRLF":     {strings.ReplaceAll(object("a")+"\n"+object("b"), "\n", "\r\n"), 1, 5},
		"as a List":     {`{"apiVersion":"v1","kind":"List","items":[` + "\n" + object("a") + ",\n" + object("b") + "]}", 2, 6},
		"with a null":   {object("a") + "\nnull\n" + object("b"), 1, 6},
		"with a status": {strings.Replace(object("a"), "\"kind\"", "\"status\": {},\n\"kind\"", 1) + "\n" + object("b"), 1, 6},
	} {
		set := read(t, folder("a.json", tt.text))
		if len(set.Manifests) != 2 {
			t.Errorf("%s: %d objects", name, len(set.Manifests))
			continue
		}
		if a, b := set.Manifests[0], set.Manifests[1]; a.Line != tt.lineA || b.Line != tt.lineB || len(a.Object.Object) != 3 {
			t.Errorf("%s: a at %d, b at %d: %v", name, a.Line, b.Line, a.Object)
		}
	}
}
