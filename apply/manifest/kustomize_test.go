package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

const podDeployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
      - name: web
        image: nginx:1.27
        envFrom:
        - configMapRef: {name: settings}
        - secretRef: {name: password}
`

const webService = `# the way in
apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
`

// shop is a repository with a base, a component and an overlay that use most of what kustomize has.
func shop() fstest.MapFS {
	return folder(
		"base/kustomization.yaml", "resources:\n- deployment.yaml\n- service.yaml\nlabels:\n- pairs: {team: shop}\n",
		"base/deployment.yaml", podDeployment,
		"base/service.yaml", "---\n"+webService,
		"base/notes.yaml", "not: [yaml",
		"shared/settings.env", "# all of them\nCOLOUR=blue\n",
		"parts/debug/kustomization.yml", "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\npatches:\n- path: debug.yaml\n",
		"parts/debug/debug.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: web\n  annotations: {debug: \"on\"}\n",
		"apps/web/Kustomization", `namespace: shop
namePrefix: prod-
resources:
- ../../base
- extra.yaml
components:
- ../../parts/debug
configMapGenerator:
- name: settings
  envs: [../../shared/settings.env]
  files: [page=page.html]
secretGenerator:
- name: password
  literals: [password=hunter2]
images:
- name: nginx
  newTag: "1.28"
replicas:
- name: web
  count: 3
patches:
- target: {kind: Deployment}
  patch: |-
    - op: add
      path: /spec/minReadySeconds
      value: 5
commonAnnotations:
  owner: ada
`,
		"apps/web/page.html", "<p>Welcome</p>",
		"apps/web/extra.yaml", named+"---\n"+strings.ReplaceAll(named, "name: a", "name: b"),
	)
}

func load(t *testing.T, files fstest.MapFS, at string, vars map[string]string) manifest.Set {
	t.Helper()
	set, err := manifest.Load(t.Context(), files, at, manifest.Options{Vars: vars})
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	return set
}

// refusedIn loads a folder and wants all to be problems.
func refusedIn(t *testing.T, files fstest.MapFS, at string, vars map[string]string) manifest.Errors {
	t.Helper()
	set, err := manifest.Load(t.Context(), files, at, manifest.Options{Vars: vars})
	all, ok := errors.AsType[manifest.Errors](err)
	if !ok || len(set.Manifests) > 0 {
		t.Fatalf("Load: %d objects, %v, want Errors", len(set.Manifests), err)
	}
	if text := all.Error(); len(text) > manifest.MaxText || strings.ContainsAny(text, "\n\t") {
		t.Errorf("error of %d bytes: %q", len(text), text)
	}
	return all
}

// checkRendered looks into what was generated, and into the Deployment that refers to it.
func checkRendered(t *testing.T, settings, password, deployment *unstructured.Unstructured) {
	t.Helper()
	if data, _, _ := unstructured.NestedStringMap(settings.Object, "data"); !maps.Equal(data, map[string]string{"COLOUR": "blue", "page": "<p>Welcome</p>"}) {
		t.Errorf("settings %v", data)
	}
	spec := deployment.Object["spec"].(map[string]any)
	containers, _, _ := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	container := containers[0].(map[string]any)
	if spec["replicas"] != int64(3) || spec["minReadySeconds"] != int64(5) || container["image"] != "nginx:1.28" ||
		deployment.GetAnnotations()["debug"] != "on" || deployment.GetLabels()["team"] != "shop" {
		t.Errorf("deployment %v", deployment.Object)
	}
	if text := fmt.Sprint(container["envFrom"]); !strings.Contains(text, settings.GetName()) || !strings.Contains(text, password.GetName()) {
		t.Errorf("references %s", text)
	}
}

func TestAKustomizationIsRendered(t *testing.T) {
	set := load(t, shop(), "apps/web", nil)
	var got []string
	for _, m := range set.Manifests {
		got = append(got, fmt.Sprintf("%s %s:%d", m.ID, m.File, m.Line))
		if m.ID.Namespace != "shop" || m.Object.GetAnnotations()["owner"] != "ada" {
			t.Errorf("%s: namespace %q, annotations %v", m.ID, m.ID.Namespace, m.Object.GetAnnotations())
		}
		for key := range m.Object.GetAnnotations() {
			if strings.Contains(key, "config.kubernetes.io") {
				t.Errorf("%s: annotation %s was left", m.ID, key)
			}
		}
	}
	settings, password := set.Manifests[0].Object, set.Manifests[1].Object
	want := []string{
		"configmap/" + settings.GetName() + " apps/web/Kustomization:9",
		"secret/" + password.GetName() + " apps/web/Kustomization:13",
		"configmap/prod-a apps/web/extra.yaml:1",
		"configmap/prod-b apps/web/extra.yaml:6",
		"deployment.apps/prod-web base/deployment.yaml:1",
		"service/prod-web base/service.yaml:3",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	checkRendered(t, settings, password, set.Manifests[4].Object)
	if set.Files != 9 {
		t.Errorf("%d files", set.Files)
	}
}

// TestOnlyWhatIsReferredToIsRead has a folder that must not be asked about, as who asks depends on all that is in it.
func TestOnlyWhatIsReferredToIsRead(t *testing.T) {
	opened := &noting{MapFS: shop(), names: map[string]bool{}}
	if _, err := manifest.Load(t.Context(), opened, "apps/web", manifest.Options{}); err != nil {
		t.Fatal(err)
	}
	for name := range opened.names {
		if info, err := opened.Stat(name); err == nil && info.IsDir() || name == "base/notes.yaml" {
			t.Errorf("%s was opened", name)
		}
	}
}

// noting is a folder that notes what is opened, and follows no links.
type noting struct {
	fstest.MapFS
	names map[string]bool
}

func (n *noting) Open(name string) (fs.File, error) {
	n.names[name] = true
	return n.MapFS.Open(name)
}

func TestTheDeprecatedFieldsWork(t *testing.T) {
	files := folder(
		"base/kustomization.yaml", "resources: [a.yaml]\n", "base/a.yaml", podDeployment,
		"kustomization.yaml", `bases: [base]
commonLabels: {tier: front}
imageTags: [{name: nginx, newTag: "1.29"}]
patchesStrategicMerge:
- patch.yaml
- |-
  apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web}
  spec: {paused: true}
patchesJson6902:
- target: {group: apps, version: v1, kind: Deployment, name: web}
  path: ops.json
`,
		"patch.yaml", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {replicas: 2}\n",
		"ops.json", `[{"op": "replace", "path": "/spec/replicas", "value": 4}]`,
	)
	spec := read(t, files).Manifests[0].Object.Object["spec"].(map[string]any)
	selector := spec["selector"].(map[string]any)["matchLabels"].(map[string]any)
	if spec["replicas"] != int64(4) || spec["paused"] != true || selector["tier"] != "front" {
		t.Errorf("spec %v", spec)
	}
}

func TestOriginsStayWhereTheyAreAskedFor(t *testing.T) {
	files := folder("kustomization.yaml", "resources: [a.yaml]\nbuildMetadata: [originAnnotations]\n", "a.yaml", webService)
	if got := read(t, files).Manifests[0].Object.GetAnnotations(); got["config.kubernetes.io/origin"] != "path: a.yaml\n" {
		t.Errorf("annotations %v", got)
	}
}

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

func TestBasesThatReferToEachOtherAreRefused(t *testing.T) {
	files := folder("a/kustomization.yaml", "resources: [../b]\n", "b/kustomization.yaml", "resources: [../c]\n", "c/kustomization.yaml", "resources: [../a]\n")
	got := refusedIn(t, files, "a", nil).Error()
	if want := "c/kustomization.yaml:1: resources: a: a circle: a → b → c → a"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestAKustomizationBombIsRefusedUnrendered has 40 layers of which each takes the one below it twice.
func TestAKustomizationBombIsRefusedUnrendered(t *testing.T) {
	names := []string{"0/kustomization.yaml", "resources: [a.yaml]\n", "0/a.yaml", webService}
	for i := 1; i <= 40; i++ {
		for _, half := range []string{"a", "b"} {
			names = append(names, fmt.Sprintf("%d/%s/kustomization.yaml", i, half), fmt.Sprintf("namePrefix: %s\nresources: [../../%d]\n", half, i-1))
		}
		names = append(names, fmt.Sprintf("%d/kustomization.yaml", i), "resources: [a, b]\n")
	}
	got := refusedIn(t, folder(names...), "40", nil).Error()
	if want := "8/kustomization.yaml:1: resources: with all that it refers to, more than 1000 objects or kustomizations, or 10485760 bytes"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestASymlinkInABaseIsRefused(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"outside": "hunter2: {", "repo/apps/web/kustomization.yaml": "resources: [../../base]\n", "repo/base/kustomization.yaml": "resources: [a.yaml]\n",
		"repo/link/web/kustomization.yaml": "resources: [../../alias]\n",
	} {
		write(t, filepath.Join(dir, name), text)
	}
	for name, target := range map[string]string{"repo/base/a.yaml": "../../outside", "repo/alias": "base", "repo/apps/link": "web"} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for at, want := range map[string]string{"apps/web": "base/a.yaml", "link/web": "alias", "apps/link": "apps/link"} {
		_, err := manifest.Load(t.Context(), os.DirFS(filepath.Join(dir, "repo")), at, manifest.Options{})
		if want += ": symlink not allowed; commit the file itself"; err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", at, err, want)
		}
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), 0o644)); err != nil {
		t.Fatal(err)
	}
}

func TestAPathOutsideTheRepositoryIsRefused(t *testing.T) {
	for _, at := range []string{"", "..", "../x", "/etc", "apps/../.."} {
		if _, err := manifest.Load(t.Context(), shop(), at, manifest.Options{}); err == nil || !strings.Contains(err.Error(), "not inside the repository") {
			t.Errorf("%q: %v", at, err)
		}
	}
}

func TestPlainManifestsAreNamedFromTheRoot(t *testing.T) {
	files := folder("apps/.web/a.yaml", webService, "apps/.web/b.txt", "x", "other.yaml", "[")
	set := load(t, files, "./apps/.web/", nil)
	if len(set.Manifests) != 1 || set.Manifests[0].File != "apps/.web/a.yaml" || set.Manifests[0].Line != 2 {
		t.Errorf("%+v", set)
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
