package manifest_test

import (
	"bytes"
	"encoding/json"
	"log"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestItIsWhatKustomizeMakes compares with kustomize itself, which reads the files as they are.
func TestItIsWhatKustomizeMakes(t *testing.T) {
	for name, files := range map[string]fstest.MapFS{
		"shop": shop(),
		"replacements": overlay(`resources: [../../base, a.yaml]
nameSuffix: -x
labels: [{pairs: {a: b}, includeSelectors: true, includeTemplates: true, fields: [{path: spec/extra, create: true, kind: Service}]}]
replacements:
- source: {kind: Service, name: web, fieldPath: spec.ports.0.port}
  targets: [{select: {kind: Deployment}, fieldPaths: [spec.replicas]}]
- path: replacement.yaml
images: [{name: nginx, newName: registry/nginx, digest: sha256:24a0c4b4a4c0eb97a1aabb8e29f18e917d05abfe1b7a7c07857230879ce7d3d3}]
sortOptions: {order: legacy}
configurations: [config.yaml]
generatorOptions: {labels: {generated: "yes"}, immutable: true}
configMapGenerator: [{name: settings, literals: [a=b], options: {disableNameSuffixHash: true}}]
`, "apps/web/config.yaml", "namePrefix: []\n", "apps/web/replacement.yaml",
			"- source: {kind: Service, name: web}\n  targets: [{select: {kind: Deployment}, fieldPaths: [metadata.annotations.service], options: {create: true}}]\n"),
		"values": overlay("resources: [a.yaml, odd.yaml]\nnamespace: shop\n", "apps/web/odd.yaml",
			named+"x:\n  on: yes\n  \"no\": off\n  a: 0644\n  b: 1e3\n  c: .5\n  d: ~\n  e: \"5\"\n  g: 2024-01-01\n  h: |\n    a\n    b\n"),
		"lists": overlay("resources: [list.yaml]\ncommonAnnotations: {a: b}\n", "apps/web/list.yaml",
			"apiVersion: v1\nkind: List\nitems:\n- &a {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- <<: *a\n  metadata: {name: b}\n"),
	} {
		var got []string
		for _, m := range load(t, files, "apps/web", nil).Manifests {
			got = append(got, compact(t, m.Object.Object))
		}
		want := kustomized(t, files, "/apps/web")
		slices.Sort(got)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

func kustomized(t *testing.T, files fstest.MapFS, at string) []string {
	t.Helper()
	memory := filesys.MakeFsInMemory()
	for name, file := range files {
		if err := memory.WriteFile("/"+name, file.Data); err != nil {
			t.Fatal(err)
		}
	}
	options := krusty.MakeDefaultOptions()
	options.LoadRestrictions = types.LoadRestrictionsNone
	made, err := krusty.MakeKustomizer(options).Run(memory, at)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, res := range made.Resources() {
		value, err := res.Map()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, compact(t, value))
	}
	return all
}

func compact(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestKustomizeSaysNothingPastTheLogAboutAnOrder(t *testing.T) {
	var said bytes.Buffer
	log.SetOutput(&said)
	t.Cleanup(func() { log.SetOutput(os.Stderr) })
	set := read(t, folder("kustomization.yaml", "resources: [a.yaml]\nsortOptions: {order: fifo}\n", "a.yaml", deployment))
	if len(set.Manifests) != 1 || said.Len() > 0 {
		t.Errorf("%d objects, and it said %q", len(set.Manifests), said.String())
	}
}
