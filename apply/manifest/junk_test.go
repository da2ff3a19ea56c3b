package manifest_test

import (
	"strings"
	"testing"
)

const named = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"

// TestJunkIsRefusedWithFileAndLine has one row a kind of mistake: what is in a.yaml, and the whole message.
func TestJunkIsRefusedWithFileAndLine(t *testing.T) {
	const (
		template = "a template expression {{ }} was left in; render it before the commit"
		conflict = "a merge conflict was left in; resolve it and commit again"
	)
	for text, want := range map[string]string{
		// Not YAML.
		deployment + "  replicas: 4\n":                                    `a.yaml:7: duplicate key "replicas", first on line 6`,
		"---\n" + named + "---\n" + named + "b: 1\nb: 2\n":                `a.yaml:12: document 2: duplicate key "b", first on line 11`,
		named + "data:\n\tx: y\n":                                         `a.yaml:6: a tab is used to indent; YAML allows only spaces`,
		named + "data:\n  x: y\n z: y\n":                                  `a.yaml:7: not valid YAML: did not find expected key`,
		named + "data: [a, b\n":                                           `a.yaml:5: not valid YAML: did not find expected ',' or ']'`,
		named + "data:\n  x: \"y\n":                                       `a.yaml:6: not valid YAML: found unexpected end of stream`,
		named + "data: a: b\n":                                            `a.yaml:5: not valid YAML: mapping values are not allowed in this context`,
		named + "data:\n  x: *hunter2\n":                                  `a.yaml:6: not valid YAML: an alias (*name) of an anchor that is not there; quote text that begins with *`,
		named + "data: {x: !vault abc}\n":                                 `a.yaml:5: a tag (!name) is not allowed here; quote text that begins with !`,
		named + "data:\n  ? [a]\n  : b\n":                                 `a.yaml:6: a key must be text`,
		named + "data:\n  on: b\n":                                        `a.yaml:6: the key "on" is no text to YAML; quote it`,
		named + "data: \x00\n":                                            `a.yaml:5: not plain UTF-8 text`,
		named + "data: \xff\n":                                            `a.yaml:5: not plain UTF-8 text`,
		"# c\r" + strings.ReplaceAll(named, "\n", "\r") + "---\r" + named: `a.yaml:1: line breaks other than LF and CRLF`,
		"%YAML 1.1\n":                                                     `a.yaml:1: not valid YAML: did not find expected <document start>`,
		// Left in by mistake.
		"a: 1\n<<<<<<< HEAD\nb: 2\n=======\nb: 3\n>>>>>>> main\n":             "a.yaml:2: " + conflict,
		named + "data:\n  x: |\n    y\n>>>>>>> main\n":                        "a.yaml:8: " + conflict,
		named + "data:\n  x: {{ .Values.x }}\n":                               "a.yaml:6: " + template,
		named + "data:\n  x: {{ .Values.x }}-web\n":                           "a.yaml:6: " + template,
		named + "data:\n  x: \"{{ .Values.x }}\"\n":                           "a.yaml:6: " + template,
		"{{- if .Values.enabled }}\n" + named + "{{- end }}\n":                "a.yaml:1: " + template,
		named + "  {{- include \"labels\" . | nindent 4 }}\n":                 "a.yaml:5: " + template,
		"version https://git-lfs.github.com/spec/v1\noid sha256:ab\nsize 9\n": "a.yaml:1: a Git LFS pointer is not supported; commit the file itself",
		// Not an object.
		"just text\n":                           "a.yaml:1: want an object, this is a text",
		"--- 5\n":                               "a.yaml:1: want an object, this is a single value",
		"\n- a\n- b\n":                          "a.yaml:2: want an object, this is a list",
		"kind: Pod\nmetadata: {name: a}\n":      "a.yaml:1: apiVersion: missing",
		"apiVersion: v1\nmetadata: {name: a}\n": "a.yaml:1: kind: missing",
		"apiVersion: v1\nkind: 5\nmetadata: {name: a}\n":                              "a.yaml:2: kind: want a text, this is a number; quote it",
		"apiVersion: v1\nkind: Po d\nmetadata: {name: a}\n":                           "a.yaml:2: kind: want letters and digits, as Deployment",
		"apiVersion: a/b/c\nkind: Pod\nmetadata: {name: a}\n":                         "a.yaml:1: apiVersion: want group/version or version, as apps/v1",
		"apiVersion: v1\nkind: Pod\n":                                                 "a.yaml:1: metadata.name: missing",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  labels: {}\n":                        "a.yaml:4: metadata.name: missing",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  name: 5\n":                           "a.yaml:4: metadata.name: want a text, this is a number; quote it",
		"apiVersion: v1\nkind: Pod\nmetadata: x\n":                                    "a.yaml:3: metadata: want a map, this is a text",
		"apiVersion: v1\nkind: Pod\nmetadata:\n  generateName: a-\n":                  "a.yaml:4: metadata.generateName: not allowed: each run would make a new object; write a name",
		named + "  labels:\n    x: 1\n":                                               "a.yaml:6: metadata.labels.x: want a text, this is a number; quote it",
		named + "  labels:\n    z: on\n":                                              "a.yaml:6: metadata.labels.z: want a text, this is a boolean; quote it",
		named + "  labels:\n    a b: x\n":                                             "a.yaml:6: metadata.labels.a b: not a valid label",
		named + "  labels:\n    x: a b\n":                                             "a.yaml:6: metadata.labels.x: not a valid value of a label: at most 63 letters, digits, '-', '_' or '.'",
		named + "  annotations: [a]\n":                                                "a.yaml:5: metadata.annotations: want a map, this is a list",
		named + "  annotations: {x: null}\n":                                          "a.yaml:5: metadata.annotations.x: want a text, this is null; quote it",
		named + "data:\n  port: 80\n":                                                 "a.yaml:6: data.port: want a text, this is a number; quote it",
		named + "  namespace: 5\n":                                                    "a.yaml:5: metadata.namespace: want a text, this is a number; quote it",
		"apiVersion: v1\nkind: List\nitems:\n  a: b\n":                                "a.yaml:1: items: want a list, this is a map",
		"apiVersion: v1\nkind: List\nitems:\n- a\n":                                   "a.yaml:4: want an object, this is a text",
		"apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n":         "a.yaml:4: metadata.name: missing",
		"apiVersion: kustomize.config.k8s.io/v1beta1\nkind: K\nmetadata: {name: a}\n": "a.yaml:1: apiVersion: a kustomization that kustomize does not see; call its file kustomization.yaml",
	} {
		if got := refused(t, folder("a.yaml", text)).Error(); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestWhatYAMLAllowsAndNobodyMeansIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"%YAML 1.2\n---\n" + named:                 `a.yaml:1: not valid YAML: a %YAML directive that is not %YAML 1.1; leave it out`,
		named + "... and more\n":                   `a.yaml:5: not valid YAML: did not find expected <document start>`,
		named + "---\n\ufeff" + named:              `a.yaml:6: document 2: a byte order mark in the middle of the file; remove it`,
		named + "data:\n  <<: x\n":                 `a.yaml:6: << wants a map, or a list of maps`,
		named + "a: &a [1]\ndata: {x: {<<: *a}}\n": `a.yaml:6: << wants a map, or a list of maps`,
		named + "data: {x: .nan}\n":                `a.yaml:5: JSON has no such number; quote it if it is a text`,
		named + "x: -.INF\n":                       `a.yaml:5: JSON has no such number; quote it if it is a text`,
		named + "x: 99999999999999999999\n":        `a.yaml:5: a number of more than 64 bits; quote it if it is a text`,
		named + "spec: {replicas: -4294967295}\n":  "a.yaml:5: spec.replicas: want a whole number from 0 to 2147483647",
		named + "spec:\n  replicas: 4294967297\n":  "a.yaml:6: spec.replicas: want a whole number from 0 to 2147483647",
		named + "spec: {replicas: 1.5}\n":          "a.yaml:5: spec.replicas: want a whole number from 0 to 2147483647",
	} {
		if got := refused(t, folder("a.yaml", text)).Error(); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestJunkInJSONIsRefusedWithFileAndLine(t *testing.T) {
	const good = `{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}` + "\n"
	for text, want := range map[string]string{
		good + "{\"a\": 1,\n \"a\": 2}": `a.json:3: document 2: duplicate key "a", first on line 2`,
		good + "{\"a\": 1,\n":           "a.json:2: document 2: not valid JSON: it ends in the middle of a document",
		good + "\n\n{\"a\" 1}":          "a.json:4: document 2: not valid JSON: invalid character '1' after object key",
		good + "\n[1]":                  "a.json:3: document 2: want an object, this is a list",
		"{\n\"apiVersion\":\"v1\",\n\"kind\":\"Pod\",\n\"metadata\":{\"name\":1e999}}": "a.json:4: a number of more than 64 bits; quote it if it is a text",
		"{\n\"apiVersion\":\"v1\",\n\"kind\":\"Pod\",\n\"metadata\":{\"name\":7}}":     "a.json:4: metadata.name: want a text, this is a number; quote it",
	} {
		if got := refused(t, folder("a.json", text)).Error(); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}
