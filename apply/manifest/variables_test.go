package manifest_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

var vars = map[string]string{
	"NAME": "web", "REPLICAS": "3", "ON": "true", "VERSION": "1.27", "ZIP": "01234", "BIG": "18446744073709551616", "HASH": "12e4567",
	"YES": "yes", "NULL": "null", "EMPTY": "", "QUOTE": `a "b" 'c' #d`, "LINES": "a\nb: c\n- d\n---\nkind: Secret\n", "SELF": "${NAME} $${NAME}", "_x1": "low",
}

// field returns a field of the only object of a folder.
func fieldOf(t *testing.T, set manifest.Set, names ...string) any {
	t.Helper()
	if len(set.Manifests) != 1 {
		t.Fatalf("%d objects", len(set.Manifests))
	}
	var value any = set.Manifests[0].Object.Object
	for _, name := range names {
		value = value.(map[string]any)[name]
	}
	return value
}

func TestVariablesArePutIn(t *testing.T) {
	for text, want := range map[string]any{
		"${NAME}":                    "web",
		"a ${NAME} and ${REPLICAS}!": "a web and 3!",
		"${NAME}${NAME}":             "webweb",
		"${_x1}":                     "low",
		"${REPLICAS}":                int64(3),
		"${ON}":                      true,
		"${VERSION}":                 1.27,
		`"${REPLICAS}"`:              "3",
		`'${ON}'`:                    "true",
		"|-\n  ${REPLICAS}":          "3",
		">-\n  ${REPLICAS}":          "3",
		"!!str ${REPLICAS}":          "3",
		`["${REPLICAS}"]`:            []any{"3"},
		"\n- ${REPLICAS}\n- x":       []any{int64(3), "x"},
		"x${REPLICAS}":               "x3",
		"${ZIP}":                     "01234",
		"${BIG}":                     "18446744073709551616",
		"${HASH}":                    "12e4567",
		"${YES}":                     "yes",
		"${NULL}":                    "null",
		"${EMPTY}":                   "",
		"${QUOTE}":                   `a "b" 'c' #d`,
		"${LINES}":                   "a\nb: c\n- d\n---\nkind: Secret\n",
		"x ${LINES}":                 "x a\nb: c\n- d\n---\nkind: Secret\n",
		"${SELF}":                    "${NAME} $${NAME}",
		"$${NAME}":                   "${NAME}",
		"$${NAME:-x}":                "${NAME:-x}",
		"$$${NAME}":                  "$${NAME}",
		"$NAME $(NAME) $$ {NAME}":    "$NAME $(NAME) $$ {NAME}",
		"${NAME} $${NAME} $${":       "web ${NAME} ${",
	} {
		set := load(t, folder("a.yaml", named+"x: "+text+"\n"), ".", vars)
		if got := fieldOf(t, set, "x"); !same(got, want) {
			t.Errorf("%s: got %#v, want %#v", text, got, want)
		}
	}
}

func same(a, b any) bool {
	listA, ok := a.([]any)
	listB, ok2 := b.([]any)
	if ok != ok2 || len(listA) != len(listB) {
		return false
	}
	for i := range listA {
		if listA[i] != listB[i] {
			return false
		}
	}
	return ok || a == b
}

func TestVariablesReachEveryText(t *testing.T) {
	const text = `apiVersion: ${GROUP}/v1
kind: Deployment
metadata:
  name: ${NAME}
  namespace: "${NAME}-ns"
  labels: &labels {app: "${NAME}", "${NAME}": x}
  annotations:
    count: ${REPLICAS}
spec:
  replicas: ${REPLICAS}
  selector: {matchLabels: *labels}
  more:
    <<: *labels
    paused: ${ON}
`
	set := load(t, folder("a.yaml", strings.ReplaceAll(text, `, "${NAME}": x`, "")), ".", map[string]string{"GROUP": "apps", "NAME": "web", "REPLICAS": "3", "ON": "true"})
	m := set.Manifests[0]
	if m.ID.String() != "deployment.apps/web" || m.ID.Namespace != "web-ns" || m.Object.GetLabels()["app"] != "web" || m.Object.GetAnnotations()["count"] != "3" {
		t.Errorf("%v", m.Object.Object)
	}
	spec := m.Object.Object["spec"].(map[string]any)
	more := spec["more"].(map[string]any)
	selector := spec["selector"].(map[string]any)["matchLabels"].(map[string]any)
	if spec["replicas"] != int64(3) || more["paused"] != true || more["app"] != "web" || selector["app"] != "web" {
		t.Errorf("spec %v", spec)
	}
	all := refusedIn(t, folder("a.yaml", text), ".", map[string]string{"GROUP": "apps", "NAME": "web", "REPLICAS": "3", "ON": "true"})
	if want := "a.yaml:6: metadata.labels.${NAME}: not a valid label"; all.Error() != want {
		t.Errorf("a key: got %s, want %s", all, want)
	}
}

func TestNothingIsTouchedWithoutVariables(t *testing.T) {
	for _, none := range []map[string]string{nil, {}} {
		set := load(t, folder("a.yaml", named+"x: ${NAME} $${NAME} ${\n"), ".", none)
		if got := fieldOf(t, set, "x"); got != "${NAME} $${NAME} ${" {
			t.Errorf("got %v", got)
		}
	}
}

func TestAnObjectOptsOut(t *testing.T) {
	const text = named + "  annotations: {lockstep.dev/substitute: disabled}\nx: ${NAME} ${OTHER}\n---\n"
	set := load(t, folder("a.yaml", text+strings.ReplaceAll(named, "name: a", "name: b")+"x: ${NAME}\n"), ".", vars)
	if a, b := set.Manifests[0].Object.Object["x"], set.Manifests[1].Object.Object["x"]; a != "${NAME} ${OTHER}" || b != "web" {
		t.Errorf("got %v and %v", a, b)
	}
}

func TestAVariableThatIsNotKnownIsRefused(t *testing.T) {
	few := map[string]string{"NAME": "web", "AGE": "7"}
	const hint = "; write $${ for the text itself"
	const secret = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: a\n"
	for text, want := range map[string]string{
		named + "data:\n  a: x\n  b: |\n    a\n    ${NAEM}\n": "a.yaml:7: data.b: the variable NAEM is not known; known are AGE, NAME" + hint,
		named + "x:\n- a: ${NAME}\n- b: ${name}\n":            "a.yaml:7: x.b: the variable name is not known; known are AGE, NAME" + hint,
		named + "x: ${NAME:-web}\n":                           "a.yaml:5: x: ${ without a variable's name and }; known are AGE, NAME" + hint,
		named + "x: ${1}\n":                                   "a.yaml:5: x: ${ without a variable's name and }; known are AGE, NAME" + hint,
		named + "x: a ${NAME\n":                               "a.yaml:5: x: ${ without a variable's name and }; known are AGE, NAME" + hint,
		secret + "stringData:\n  p: a${hunter2}b\n":           "a.yaml:6: stringData.p: a variable that is not known; known are AGE, NAME" + hint,
		secret + "stringData:\n  p: a${hunter2!}b\n":          "a.yaml:6: stringData.p: a variable that is not known; known are AGE, NAME" + hint,
	} {
		if got := refusedIn(t, folder("a.yaml", text), ".", few).Error(); got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestNamesAndValuesOfVariablesAreChecked(t *testing.T) {
	for _, bad := range []map[string]string{{"": "x"}, {"1A": "x"}, {"A-B": "x"}, {"A}": "x"}, {"Ä": "x"}, {"A": "\xff"}} {
		if _, err := manifest.Load(t.Context(), folder("a.yaml", named), ".", manifest.Options{Vars: bad}); err == nil || !strings.Contains(err.Error(), "variable") {
			t.Errorf("%v: %v", bad, err)
		}
	}
}

func TestVariablesCannotMakeMuchOfLittle(t *testing.T) {
	many := map[string]string{"A": strings.Repeat("x", 1000)}
	got := refusedIn(t, folder("a.yaml", named+"x: "+strings.Repeat("${A}", 2000)+"\n"), ".", many).Error()
	if want := "a.yaml:1: more than 1048576 bytes with the variables' values put in"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestVariablesWorkInAKustomization(t *testing.T) {
	files := overlay(`resources: [../../base]
images: [{name: nginx, newTag: "${VERSION}"}]
patches:
- patch: |-
    apiVersion: apps/v1
    kind: Deployment
    metadata: {name: web}
    spec:
      replicas: ${REPLICAS}
      template: {metadata: {annotations: {count: "${REPLICAS}"}}}
configMapGenerator:
- name: settings
  options: {disableNameSuffixHash: true}
  literals: ["name=${NAME}", "count=${REPLICAS}"]
`)
	set := load(t, files, "apps/web", vars)
	settings, deployment := set.Manifests[0].Object.Object, set.Manifests[1].Object.Object
	if data := settings["data"].(map[string]any); data["name"] != "web" || data["count"] != "3" {
		t.Errorf("data %v", data)
	}
	spec := deployment["spec"].(map[string]any)
	template := spec["template"].(map[string]any)
	container := template["spec"].(map[string]any)["containers"].([]any)[0].(map[string]any)
	if spec["replicas"] != int64(3) || container["image"] != "nginx:1.27" {
		t.Errorf("spec %v", spec)
	}
	if got := template["metadata"].(map[string]any)["annotations"].(map[string]any)["count"]; got != "3" {
		t.Errorf("annotation %v", got)
	}
	got := refusedIn(t, files, "apps/web", map[string]string{"NAME": "web", "VERSION": "1", "A": "b"}).Error()
	for _, want := range []string{"apps/web/kustomization.yaml:12: data.count: the variable REPLICAS is not known; known are A, NAME, VERSION", "base/a.yaml:1: spec.replicas: the variable REPLICAS"} {
		if !strings.Contains(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// TestAJSONPatchKeepsTheQuotes has a patch that makes kustomize write its object anew.
func TestAJSONPatchKeepsTheQuotes(t *testing.T) {
	files := folder("kustomization.yaml", "resources: [a.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{\"op\": \"add\", \"path\": \"/y\", \"value\": 1}]'}]\n",
		"a.yaml", named+"x: \"${REPLICAS}\"\nz: ${REPLICAS}\n")
	set := load(t, files, ".", vars)
	if x, z := fieldOf(t, set, "x"), fieldOf(t, set, "z"); x != "3" || z != int64(3) {
		t.Errorf("x %#v, z %#v", x, z)
	}
}
