package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"reflect"
	"regexp"
	"testing"
	"testing/fstest"

	"go.yaml.in/yaml/v3"
	kubejson "k8s.io/apimachinery/pkg/util/json"
	kubeyaml "sigs.k8s.io/yaml"
)

// FuzzYAML feeds any text as a file. Reading must not panic, must account for every document, and whatever it takes must be
// what kubectl's own decoder makes of it.
func FuzzYAML(f *testing.F) {
	for _, text := range []string{
		"", "---\n", "# a\n---\n...\n", "a: &a [*a]\n", "a: *b\n", "{{ .Values.x }}", "<<<<<<< a\n", "\xef\xbb\xbf---", "a\u2028---\n", "\u2000", "#\r#", "\ufeff\ufeff",
		"apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: &x {yes: 1}\ny: {<<: *x}\n--- !!map {kind: B}\n",
		"apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata: {name: a}\n- &a {metadata: {name: b, labels: {a: 1}}}\n- *a\n",
		"apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n  uid: x\ndata: {a: YQ==}\nstatus: 1\n...\n%YAML 1.1\n---\nx: 0x1f\n",
		"apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: [1e3, .5, 0o7, 07, 1_0, 18446744073709551615, 2024-01-01, ~, \"\\u00e9\"]\n",
		"a: |\n  x\n b: \"c\n  - d: 'e'\r\n? f\n: >-\n  g\n",
		"apiVersion: v1\nkind: A\nmetadata: {name: a}\nx: [y, No, oN, --a=b, -0, -12, 012, 100m, 10Mi, 5E, 0x1m, 1e3s, /a b, =, 'y', \"\\t\", , null, 80%]\n",
	} {
		f.Add([]byte(text), false)
	}
	for _, text := range []string{
		"x: y\n", "- a: |\n  b\n", "a: \"b\n  c: |\n   \"\nd: [e, 'f']\n", "a: [\"b: |\", c: {d: 'e'}]\n", "<<: {a: b}\n'c': !!str 5\n",
	} {
		f.Add([]byte(text), true)
	}
	f.Fuzz(func(t *testing.T, text []byte, object bool) {
		if object {
			text = append([]byte("apiVersion: v1\nkind: A\nmetadata: {name: a}\n"), text...)
		}
		r := fuzzed(t, "a.yaml", text)
		docs := splitYAML("a.yaml", bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))
		if r.full || len(docs) > MaxObjects || len(text) > MaxFileSize {
			return
		}
		accounted(t, r, len(docs), bytes.Contains(text, []byte("List")))
		for _, d := range docs {
			estimated(t, d.text)
		}
		if len(r.problems) > 0 {
			return
		}
		if n, ok := countYAML(text); ok && n != len(docs) && !oddBreak.Match(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))) {
			t.Errorf("%d documents, the parser finds %d", len(docs), n)
		}
		for _, m := range r.set.Manifests {
			want, err := kubeyaml.YAMLToJSON(docs[m.Document-1].text)
			if err != nil {
				t.Fatalf("taken, but kubectl says: %v", err)
			}
			asKubectl(t, m, want)
		}
	})
}

// FuzzJSON is FuzzYAML for JSON.
func FuzzJSON(f *testing.F) {
	for _, text := range []string{
		"", "{}", "[", "{}{}", "null\n1", `{"a":1,"a":2}`, `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"},"x":[1e3,1.0,-0]}`,
		`{"apiVersion":"v1","kind":"List","items":[{"apiVersion":"v1","kind":"A","metadata":{"name":"\ud83d\ude00"}}]}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r := fuzzed(t, "a.json", text)
		if len(r.problems) > 0 {
			return
		}
		var docs []json.RawMessage
		for dec := json.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\xef\xbb\xbf")))); ; {
			var doc json.RawMessage
			if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("taken, but it is no JSON: %v", err)
			}
			docs = append(docs, doc)
		}
		accounted(t, r, len(docs), bytes.Contains(text, []byte("List")))
		for _, m := range r.set.Manifests {
			asKubectl(t, m, docs[m.Document-1])
		}
	})
}

// lineBreak matches what the YAML parser counts as one, oddBreak those among them that do not
// end a line elsewhere, and the byte order mark, which it skips in some places.
var (
	lineBreak = regexp.MustCompile(`\r\n|[\r\n\x{85}\x{2028}\x{2029}]`)
	oddBreak  = regexp.MustCompile(`\r(?:[^\n]|$)|[\x{85}\x{2028}\x{2029}\x{feff}]`)
)

func fuzzed(t *testing.T, name string, text []byte) *reader {
	r := newReader(fstest.MapFS{name: {Data: text}})
	if err := r.read(t.Context()); err != nil {
		t.Fatal(err)
	}
	last := 1 + len(lineBreak.FindAll(text, -1))
	for _, p := range r.problems {
		if p.Line < 0 || p.Line > last || len(p.Error()) > MaxText {
			t.Errorf("problem in a file of %d lines: %+v", last, p)
		}
	}
	for _, m := range r.set.Manifests {
		if m.Line < 1 || m.Line > last {
			t.Errorf("object in a file of %d lines: %s at %d", last, m.ID, m.Line)
		}
	}
	return r
}

// accounted compares the documents that went in with what came out: objects, problems or nothing. Lists give any number.
func accounted(t *testing.T, r *reader, docs int, hasLists bool) {
	seen := map[int]bool{}
	for _, m := range r.set.Manifests {
		seen[m.Document] = true
	}
	for _, p := range r.problems {
		if p.Document == 0 {
			return // the whole file was refused
		}
		seen[p.Document] = true
	}
	// A List that is empty is ignored, also inside of another, of which other objects are seen.
	if got := len(seen) + r.set.Ignored; got < max(docs, 1) || got > max(docs, 1) && !hasLists {
		t.Errorf("%d documents went in, %d came out", docs, got)
	}
}

// estimated holds the estimate against the tree.
func estimated(t *testing.T, text []byte) {
	root, err := compose(text)
	if err != nil || root == nil {
		return
	}
	if nodes, most := count(root), min(outsideBlocks(text), introducers(text)); nodes > most {
		t.Errorf("%d nodes, estimated at %d at most, in %q", nodes, most, text)
	}
}

func count(n *yaml.Node) int {
	all := 1
	for _, child := range n.Content {
		all += count(child)
	}
	return all
}

func countYAML(text []byte) (int, bool) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	for n := 0; ; n++ {
		var doc yaml.Node
		if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
			return n, true
		} else if err != nil {
			return n, false
		}
	}
}

// asKubectl compares an object that was taken with the document as kubectl reads it.
func asKubectl(t *testing.T, m Manifest, want []byte) {
	value := map[string]any{}
	if err := kubejson.Unmarshal(want, &value); err != nil {
		t.Fatalf("taken, but kubectl says: %v", err)
	}
	if _, list := listItems(value); list {
		return
	}
	dropServerSet(value)
	if !reflect.DeepEqual(m.Object.Object, value) {
		t.Errorf("got %v, kubectl %v", m.Object.Object, value)
	}
}
