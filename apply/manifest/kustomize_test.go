package manifest_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
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
