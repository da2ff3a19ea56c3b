package manifest_test

import (
	"strings"
	"testing"
)

// TestBracesThatAreMeantAreTaken has texts with {{ }} that other programs read, and Helm's own where a text is quoted whole.
func TestBracesThatAreMeantAreTaken(t *testing.T) {
	for _, text := range []string{
		`x: "{{ $labels.instance }} is down"`,
		`x: '{{workflow.parameters.message}}'`,
		`x: up {{ $value }}`,
		"x: |\n    replicas: {{ .Values.replicas }}\n    {{- include \"labels\" . }}",
		"x: >-\n    {{ .Values.replicas }}",
		`# {{ .Values.x }}`,
		`x: "{ { .Values.x } }"`,
	} {
		set := read(t, folder("a.yaml", named+"data:\n  "+text+"\n"))
		if len(set.Manifests) != 1 {
			t.Errorf("%s: %d objects", text, len(set.Manifests))
		}
	}
}

// TestATemplateIsFoundWhereverItStands has one line each that a chart has and a manifest must not.
func TestATemplateIsFoundWhereverItStands(t *testing.T) {
	for _, line := range []string{
		"x: {{ .Values.x }}",
		"x: {{ .Values.x | quote }}",
		"x: {{ .Values.x }}-{{ .Values.y }}",
		"x: '{{ .Release.Name }}'",
		`x: "{{ .Chart.Name }}-web"`,
		`x: "{{- .Values.x }}"`,
		"x: web-{{ .Values.x }}",
		"- {{ .Values.x }}",
		"{{ .Values.x }}: y",
		"{{- if .Values.x }}",
		"{{- range .Values.xs }}",
		"{{- with .Values.x }}",
		"{{ end }}",
		`{{- include "web.labels" . | nindent 4 }}`,
		"{{ toYaml .Values.x }}",
		"x: {{ $x }}",
	} {
		got := refused(t, folder("a.yaml", named+"data:\n  "+line+"\n")).Error()
		if want := "a.yaml:6: a template expression {{ }} was left in; render it before the commit"; got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", line, got, want)
		}
	}
}

func TestAnotherMistakeInAFileWithBracesIsToldAsItIs(t *testing.T) {
	text := named + "data:\n  x: \"{{ $labels.instance }}\"\n  y: a: b\n  z: \"{{ $x }}\"\n"
	if got, want := refused(t, folder("a.yaml", text)).Error(), "a.yaml:7: not valid YAML: mapping values are not allowed in this context"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestMergeConflictsAreFoundWhereverTheyStand has the conflict at its line, in YAML, in JSON and in both halves.
func TestMergeConflictsAreFoundWhereverTheyStand(t *testing.T) {
	const message = "a merge conflict was left in; resolve it and commit again"
	conflict := "<<<<<<< HEAD\n  replicas: 3\n||||||| base\n  replicas: 1\n=======\n  replicas: 2\n>>>>>>> branch\n"
	for text, want := range map[string]string{
		strings.Replace(deployment, "  replicas: 3\n", conflict, 1):                                   "a.yaml:6: " + message,
		deployment + "---\n" + strings.Replace(deployment, "  replicas: 3\n", conflict, 1):            "a.yaml:13: document 2: " + message,
		strings.ReplaceAll(strings.Replace(deployment, "  replicas: 3\n", conflict, 1), "\n", "\r\n"): "a.yaml:6: " + message,
		"<<<<<<<\n" + deployment: "a.yaml:1: " + message,
	} {
		if got := refused(t, folder("a.yaml", text)).Error(); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
	if got := refused(t, folder("a.json", "{\"apiVersion\": \"v1\",\n"+conflict+"}")).Error(); got != "a.json:2: "+message {
		t.Errorf("JSON: %s", got)
	}
}

func TestWhatLooksLikeAConflictInATextIsTaken(t *testing.T) {
	set := read(t, folder("a.yaml", named+"data:\n  x: |\n    <<<<<<< HEAD\n    =======\n    >>>>>>> main\n  z: <<<<<<< x\n"))
	if len(set.Manifests) != 1 {
		t.Errorf("%d objects", len(set.Manifests))
	}
}
