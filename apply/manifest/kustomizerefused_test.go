package manifest_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

// overlay is a kustomization in a folder two deep, beside a base and what else is given.
func overlay(text string, more ...string) fstest.MapFS {
	return folder(append([]string{
		"apps/web/kustomization.yaml", text, "apps/web/a.yaml", webService,
		"base/kustomization.yaml", "resources:\n- a.yaml\n", "base/a.yaml", podDeployment,
	}, more...)...)
}

// remote is said of what only a network could give.
const remote = "remote is not allowed: nothing outside the repository is read; commit what it refers to"

// notToReferTo are kustomizations that are refused, and why.
var notToReferTo = map[string]string{
	"resources:\n- https://example.com/a.yaml\n":                 ":2: resources: " + remote,
	"resources:\n- a.yaml\n- HTTP://example.com/a.yaml\n":        ":3: resources: " + remote,
	"resources:\n- http:example.com/a.yaml\n":                    ":2: resources: " + remote,
	"resources:\n- github.com/org/repo//base?ref=x\n":            ":2: resources: " + remote,
	"resources:\n- GitHub.com:org/repo\n":                        ":2: resources: " + remote,
	"resources:\n- git@example.com:org/repo\n":                   ":2: resources: " + remote,
	"resources:\n- ssh://git@example.com/org/repo\n":             ":2: resources: " + remote,
	"resources:\n- git::https://example.com/org/repo\n":          ":2: resources: " + remote,
	"resources:\n- file:///etc\n":                                ":2: resources: " + remote,
	"resources:\n- gitlab.com/org/repo?ref=main\n":               ":2: resources: " + remote,
	"bases:\n- https://example.com/org/repo\n":                   ":2: resources: " + remote,
	"components:\n- https://example.com/org/repo\n":              ":2: components: " + remote,
	"crds: [https://example.com/crd.json]\n":                     ":1: crds: " + remote,
	"configurations: [https://example.com/a]\n":                  ":1: configurations: " + remote,
	"openapi: {path: https://example.com/a}\n":                   ":1: openapi.path: " + remote,
	"replacements: [{path: https://example.com/a}]\n":            ":1: replacements.path: " + remote,
	"patches:\n- path: https://example.com/a\n":                  ":2: patches.path: " + remote,
	"patchesStrategicMerge: [https://example.com/a]\n":           ":1: patchesStrategicMerge: " + remote,
	"patchesJson6902: [{path: https://example.com/a}]\n":         ":1: patchesJson6902.path: " + remote,
	"configMapGenerator: [{files: [https://example.com/a]}]\n":   ":1: configMapGenerator.files: " + remote,
	"configMapGenerator: [{files: [k=https://example.com/a]}]\n": ":1: configMapGenerator.files: " + remote,
	"configMapGenerator: [{envs: [https://example.com/a]}]\n":    ":1: configMapGenerator.envs: " + remote,
	"secretGenerator: [{env: https://example.com/a}]\n":          ":1: secretGenerator.envs: " + remote,
	"ReSources:\n- https://example.com/a.yaml\n":                 ":2: resources: " + remote,
	"resources:\n- /etc/passwd\n":                                ":2: resources: want a path with slashes, relative to the kustomization's folder",
	"resources:\n- ../../../../etc/passwd\n":                     ":2: resources: leads out of the repository",
	"resources: [../../..]\n":                                    ":1: resources: leads out of the repository",
	"configMapGenerator: [{name: a, files: [../../../x]}]\n":     ":1: configMapGenerator.files: leads out of the repository",
	"resources:\n- gone.yaml\n":                                  ":2: resources: apps/web/gone.yaml: no such file, and no such folder with a kustomization",
	"resources:\n- ../gone\n":                                    ":2: resources: apps/gone: no such file, and no such folder with a kustomization",
	"resources:\n- ''\n":                                         ":1: resources: an empty path",
	"components:\n- a.yaml\n":                                    ":2: components: apps/web/a.yaml: no such folder with a kustomization",
	"components:\n- ../../base\n":                                ":2: components: base/kustomization.yaml is a Kustomization; it belongs under resources",
	"patches:\n- path: gone.yaml\n":                              ":2: patches.path: apps/web/gone.yaml: no such file",
	"patches:\n- path: ../../base\n":                             ":2: patches.path: base: no such file",
	"secretGenerator:\n- name: a\n  files:\n  - gone\n":          ":4: secretGenerator.files: apps/web/gone: no such file",
	"resources:\n- kustomization.yaml\n":                         ":2: resources: apps/web/kustomization.yaml is a kustomization; refer to its folder",
	"resources:\n- .\n":                                          ":2: resources: apps/web: a circle: apps/web → apps/web",
	"resources:\n- ..\n":                                         ":2: resources: apps: it is a folder around apps/web, which kustomize does not allow to refer to it",
	"resources: [a.yaml]\nhelmCharts: [{name: x, repo: z}]\n":    ":2: helmCharts: not supported: it would run programs, or make objects that nobody can read in the repository",
	"resources: [a.yaml]\ntransformers: [a.yaml]\n":              ":2: transformers: not supported: it would run programs, or make objects that nobody can read in the repository",
	"resources: [a.yaml]\ngenerators:\n- |-\n  apiVersion: x\n":  ":2: generators: not supported: it would run programs, or make objects that nobody can read in the repository",
	"validators: [a.yaml]\n":                                     ":1: validators: not supported: it would run programs, or make objects that nobody can read in the repository",
	"resources: [a.yaml]\nrecources: [b.yaml]\n":                 ":2: recources: no such field in a kustomization",
	"resources: a.yaml\n":                                        ":1: resources: a string is not what belongs here",
	"resources: [a.yaml]\nkind: Deployment\n":                    ":2: kind: kind should be Kustomization or Component",
	"apiVersion: v1\nresources: [a.yaml]\n":                      ":1: apiVersion: apiVersion for Kustomization should be kustomize.config.k8s.io/v1beta1",
	"# nothing\n":                                                ":1: an empty kustomization",
	"kind: Kustomization\n":                                      ":1: an empty kustomization",
	"[a.yaml]\n":                                                 ":1: want an object, this is a list",
	"resources: [a.yaml]\n---\nresources: [a.yaml]\n":            ":3: document 2: a second document; a kustomization is one",
	"resources: [a.yaml]\nresources: [b.yaml]\n":                 `:2: duplicate key "resources", first on line 1`,
	"resources:\n<<<<<<< HEAD\n- a.yaml\n":                       ":2: a merge conflict was left in; resolve it and commit again",
	"resources:\n\t- a.yaml\n":                                   ":2: a tab is used to indent; YAML allows only spaces",
	"resources:\n- {{ .Values.x }}\n":                            ":2: a template expression {{ }} was left in; render it before the commit",
	"patches:\n- patch: |-\n    a: b\n    a: c\n":                `:4: duplicate key "a", first on line 3`,
	"configMapGenerator:\n- name: a\n  literals: [nokey]\n":      ":3: configMapGenerator.literals: want key=value",
	"configMapGenerator:\n- name: a\n  files: [a=b=c]\n":         ":3: configMapGenerator.files: more than one = in it",
	"resources: [a.yaml, a.yaml]\n":                              ":1: resources: Service.v1.[noGrp]/web.[noNs] is there twice",
}

func TestWhatAKustomizationMustNotReferToIsRefused(t *testing.T) {
	for text, want := range notToReferTo {
		if got, want := refusedIn(t, overlay(text), "apps/web", nil).Error(), "apps/web/kustomization.yaml"+want; got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}

func TestBrokenInputsOfAKustomizationAreRefusedWhereTheyAre(t *testing.T) {
	const text = "resources: [../../base, a.yaml]\npatches: [{path: patch.yaml}]\nconfigMapGenerator: [{name: x, files: [big], envs: [env]}]\n"
	const patch = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n"
	whole := []string{"apps/web/patch.yaml", patch, "apps/web/big", "x", "apps/web/env", "A=b\n"}
	load(t, overlay(text, whole...), "apps/web", nil)
	for name, broken := range map[string]struct{ text, want string }{
		"base/a.yaml":             {podDeployment + "x: [\n", "base/a.yaml:17: not valid YAML: did not find expected node content"},
		"apps/web/a.yaml":         {"a: b\na: c\n", `apps/web/a.yaml:2: duplicate key "a", first on line 1`},
		"apps/web/patch.yaml":     {patch + "\tx: 1\n", "apps/web/patch.yaml:4: a tab is used to indent; YAML allows only spaces"},
		"apps/web/big":            {strings.Repeat("x", 2<<20), "apps/web/big: larger than 1048576 bytes"},
		"apps/web/env":            {"A=" + strings.Repeat("x", 70_000), "apps/web/env:1: a line of more than 65536 bytes"},
		"base/kustomization.yaml": {"resources: [gone.yaml]\n", "base/kustomization.yaml:1: resources: base/gone.yaml: no such file, and no such folder with a kustomization"},
		"base/kustomization.yml":  {"resources: [a.yaml]\n", "base/kustomization.yml: a second kustomization beside kustomization.yaml; remove one"},
		"apps/web/Kustomization":  {"resources: [a.yaml]\n", "apps/web/Kustomization: a second kustomization beside kustomization.yaml; remove one"},
	} {
		files := overlay(text, append(whole, name, broken.text)...)
		if got := refusedIn(t, files, "apps/web", nil).Error(); got != broken.want {
			t.Errorf("%s:\ngot  %s\nwant %s", name, got, broken.want)
		}
	}
}

func TestWhatKustomizeRefusesIsToldInWords(t *testing.T) {
	const secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n"
	for text, want := range map[string]string{
		"patches:\n- patch: |-\n    apiVersion: apps/v1\n    kind: Deployment\n    metadata: {name: wbe}\n":                                               ":2: patches: a patch is for Deployment.v1.apps/wbe.[noNs], which is not there once",
		"patches:\n- target: {kind: Secret}\n  patch: |-\n    - op: replace\n      path: /data/none\n      value: hunter2\n":                              ":2: patches: a JSON patch does not apply: there is no /data/none",
		"patches:\n- patch: |-\n    hunter2: hunter2\n":                                                                                                   ":2: patches: a patch is neither an object with kind and name nor a list of operations",
		"patches:\n- target: {kind: Secret}\n  patch: |-\n    - op: hunter2\n      path: /data\n":                                                         ":1: kustomize cannot render it; what it says is left out, as it may hold a Secret's values: run kustomize build apps/web",
		"secretGenerator:\n- name: a\n  literals: [x=hunter2, x=hunter2]\n":                                                                               ":1: a generator has a key twice",
		"secretGenerator:\n- name: a\n  behavior: merge\n  literals: [x=hunter2]\n":                                                                       ":1: a generator is to merge with or replace what is not there",
		"secretGenerator:\n- name: s\n  literals: [x=hunter2]\n":                                                                                          ":1: a generator makes what is there already; its behavior must be merge or replace",
		"replacements:\n- source: {kind: Secret, name: s, fieldPath: stringData.none}\n  targets: [{select: {kind: Service}, fieldPaths: [spec.x]}]\n":    ":2: replacements: a source has no field stringData.none",
		"replacements:\n- source: {kind: Secret, name: s, fieldPath: stringData.password}\n  targets: [{select: {kind: Secret}, fieldPaths: [data.x]}]\n": ":2: replacements: a target has no field data.x",
		"replacements:\n- source: {kind: Secret, name: none}\n  targets: [{select: {kind: Secret}, fieldPaths: [data.x]}]\n":                              ":2: replacements: a source is not there",
	} {
		files := overlay("resources: [secret.yaml]\n"+text, "apps/web/secret.yaml", secret)
		got := refusedIn(t, files, "apps/web", nil).Error()
		if want := "apps/web/kustomization.yaml" + want; got != want {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
		if strings.Contains(got, "hunter2") {
			t.Errorf("%q shows the secret: %s", text, got)
		}
	}
}

func TestTheKustomizationThatFailsIsNamed(t *testing.T) {
	files := overlay("resources: [../../base]\n", "base/kustomization.yaml", "resources: [a.yaml]\npatches:\n- path: p.yaml\n",
		"base/p.yaml", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n")
	got := refusedIn(t, files, "apps/web", nil).Error()
	if want := "base/kustomization.yaml:2: patches: a patch is for Pod.v1.[noGrp]/x.[noNs], which is not there once"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOutputIsCheckedLikeManifests(t *testing.T) {
	for text, want := range map[string]string{
		"resources: [a.yaml]\nnamePrefix: A_\n":               "apps/web/a.yaml:2: metadata.name: not a valid name: ",
		"resources: [a.yaml]\nlabels: [{pairs: {x: a b}}]\n":  "apps/web/a.yaml:2: metadata.labels.x: not a valid value of a label",
		"configMapGenerator: [{name: A_, literals: [a=b]}]\n": "apps/web/kustomization.yaml:1: metadata.name: not a valid name: ",
		"resources: [../../base]\nnamespace: A\n":             "base/a.yaml:1: metadata.namespace: not a valid namespace: ",
		"resources: [a.yaml]\npatches: [{target: {kind: Service}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/generateName\", \"value\": \"x\"}]'}]\n": "apps/web/a.yaml:2: metadata.generateName: not allowed",
	} {
		if got := refusedIn(t, overlay(text), "apps/web", nil).Error(); !strings.HasPrefix(got, want) {
			t.Errorf("%q:\ngot  %s\nwant %s", text, got, want)
		}
	}
}
