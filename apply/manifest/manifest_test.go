package manifest_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

const deployment = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: web-server
spec:
  replicas: 3
`

const service = `apiVersion: v1
kind: Service
metadata:
  name: web-service
  namespace: shop
`

// folder makes files of names and their text, in turns.
func folder(namesAndTexts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(namesAndTexts); i += 2 {
		files[namesAndTexts[i]] = &fstest.MapFile{Data: []byte(namesAndTexts[i+1])}
	}
	return files
}

func read(t *testing.T, files fstest.MapFS) manifest.Set {
	t.Helper()
	set, err := manifest.Read(t.Context(), files)
	if err != nil {
		t.Fatalf("Read: %v", err)
	}
	return set
}

func refused(t *testing.T, files fstest.MapFS) manifest.Errors {
	t.Helper()
	set, err := manifest.Read(t.Context(), files)
	var all manifest.Errors
	if !errors.As(err, &all) {
		t.Fatalf("Read: %v, want Errors", err)
	}
	if len(set.Manifests) > 0 {
		t.Errorf("%d objects in spite of an error", len(set.Manifests))
	}
	return all
}

func TestEveryObjectKnowsItsFileAndLine(t *testing.T) {
	set := read(t, folder(
		"web/service.yml", "# the way in\n\n"+service,
		"b.yaml", "---\n"+strings.ReplaceAll(deployment, "web-server", "first")+"---\n# second\n"+deployment,
		"a.json", "\n{\"apiVersion\": \"v1\",\n \"kind\": \"Namespace\", \"metadata\": {\"name\": \"shop\"}}\n",
		"README.md", "not: [yaml",
		".github/workflows/ci.yaml", "on: push",
		".hidden.yaml", "on: push",
	))
	want := []struct {
		id, file       string
		line, document int
	}{
		{"namespace/shop", "a.json", 2, 1},
		{"deployment.apps/first", "b.yaml", 2, 1},
		{"deployment.apps/web-server", "b.yaml", 10, 2},
		{"service/web-service", "web/service.yml", 3, 1},
	}
	if len(set.Manifests) != len(want) {
		t.Fatalf("%d objects, want %d", len(set.Manifests), len(want))
	}
	for i, w := range want {
		m := set.Manifests[i]
		if m.ID.String() != w.id || m.File != w.file || m.Line != w.line || m.Document != w.document {
			t.Errorf("got %s %s:%d document %d, want %+v", m.ID, m.File, m.Line, m.Document, w)
		}
	}
	if set.Files != 3 || set.Ignored != 0 {
		t.Errorf("files %d, ignored %d", set.Files, set.Ignored)
	}
}

func TestAListIsReadAsItsObjectsEachWithItsOwnLine(t *testing.T) {
	set := read(t, folder(
		"list.yaml", "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: ConfigMap\n  metadata: {name: a}\n"+
			"- {apiVersion: v1, kind: ConfigMap, metadata: {name: b}}\n",
		"typed.yaml", "apiVersion: v1\nkind: ConfigMapList\nitems:\n- metadata:\n    name: c\n",
		"empty.yaml", "apiVersion: v1\nkind: List\nitems: []\n",
	))
	if len(set.Manifests) != 3 || set.Ignored != 1 {
		t.Fatalf("%d objects, %d ignored", len(set.Manifests), set.Ignored)
	}
	for i, line := range []int{4, 7, 4} {
		m := set.Manifests[i]
		if m.Line != line || m.Object.GetAPIVersion() != "v1" || m.ID.Kind != "ConfigMap" {
			t.Errorf("%s: line %d, want %d; %v", m.ID, m.Line, line, m.Object)
		}
	}
}

func TestFilesWithoutContentAreIgnoredAndCounted(t *testing.T) {
	for text, ignored := range map[string]int{
		"": 1, "\n\n": 1, "# a comment\n": 1, "---\n": 1, "null\n": 1, "~": 1, "---\n---\n---\n": 3, "\xef\xbb\xbf": 1,
		"---\n# nothing\n---\nnull\n...\n": 2,
	} {
		set := read(t, folder("a.yaml", text))
		if set.Ignored != ignored || len(set.Manifests) != 0 || set.Files != 1 {
			t.Errorf("%q: %+v, want %d ignored", text, set, ignored)
		}
	}
}

func TestLineEndsAndMarksOfOtherSystemsWork(t *testing.T) {
	for name, text := range map[string]string{
		"CRLF":        strings.ReplaceAll(deployment+"---\n"+service, "\n", "\r\n"),
		"BOM":         "\xef\xbb\xbf" + deployment + "---\n" + service,
		"directive":   "%YAML 1.1\n---\n" + deployment + "...\n---\n" + service,
		"end marks":   deployment + "...\n# between\n---\n" + service + "...\n",
		"no last end": deployment + "--- # the service\n" + strings.TrimSuffix(service, "\n"),
	} {
		set := read(t, folder("a.yaml", text))
		if len(set.Manifests) != 2 || set.Ignored != 0 {
			t.Errorf("%s: %d objects, %d ignored", name, len(set.Manifests), set.Ignored)
		}
		if replicas := set.Manifests[0].Object.Object["spec"].(map[string]any)["replicas"]; replicas != int64(3) {
			t.Errorf("%s: replicas %v (%T)", name, replicas, replicas)
		}
	}
}

func TestWhatOnlyAServerSetsIsDropped(t *testing.T) {
	set := read(t, folder("a.yaml", `apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  uid: 1-2-3
  resourceVersion: "7"
  generation: 2
  creationTimestamp: 2024-01-01T00:00:00Z
  managedFields: [{manager: kubectl}]
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: "{}"
    mine: kept
status: {phase: Active}
`))
	m := set.Manifests[0].Object
	metadata := m.Object["metadata"].(map[string]any)
	if len(metadata) != 2 || len(m.GetAnnotations()) != 1 || m.Object["status"] != nil {
		t.Errorf("kept: %v", m.Object)
	}
}

func TestAllProblemsAreToldTogetherInOrder(t *testing.T) {
	all := refused(t, folder(
		"b.yaml", "kind: Service\n---\n- a\n---\n"+service+"  labels: {x: 1}\n",
		"a.yaml", "apiVersion: v1\nkind: Pod\nmetadata: x\n",
	))
	want := `a.yaml:3: metadata: want a map, this is a text; ` +
		`b.yaml:1: apiVersion: missing; b.yaml:1: metadata.name: missing; ` +
		`b.yaml:3: document 2: want an object, this is a list; ` +
		`b.yaml:10: document 3: metadata.labels.x: want a text, this is a number; quote it`
	if got := all.Error(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestAnObjectInTwoPlacesIsRefusedNamingBoth(t *testing.T) {
	all := refused(t, folder("a.yaml", deployment, "b/c.yaml", "# again\n"+deployment))
	if got, want := all.Error(), "b/c.yaml:2: deployment.apps/web-server is in a.yaml:1 as well"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestACancelledReadSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := manifest.Read(ctx, folder("a.yaml", deployment)); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
}
