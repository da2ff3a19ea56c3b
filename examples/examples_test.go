package examples_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/examples"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// clients are examples for other programs than an API server.
var clients = []string{"kind"}

func TestEveryExampleCanBeRead(t *testing.T) {
	folders, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		if !folder.IsDir() || slices.Contains(clients, folder.Name()) {
			continue
		}
		for _, path := range apps(t, folder.Name()) {
			set, err := manifest.Load(t.Context(), os.DirFS("."), path, manifest.Options{})
			if err != nil || len(set.Manifests) == 0 {
				t.Errorf("%s: %d objects, %v", path, len(set.Manifests), err)
			}
		}
	}
}

// apps returns the folders of an example that can be an app's path: those in it when a config file says which, all with a
// kustomization, or the example's own.
func apps(t *testing.T, folder string) []string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(folder, "config.yaml")); err == nil {
		return folders(t, folder)
	}
	kustomizations, err := filepath.Glob(folder + "/*/kustomization.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if len(kustomizations) == 0 {
		return []string{folder}
	}
	var all []string
	for _, name := range kustomizations {
		all = append(all, filepath.ToSlash(filepath.Dir(name)))
	}
	return all
}

// folders returns the folders below one that hold files.
func folders(t *testing.T, folder string) []string {
	t.Helper()
	below := map[string]bool{}
	err := filepath.WalkDir(folder, func(name string, entry fs.DirEntry, err error) error {
		if in := filepath.Dir(name); err == nil && !entry.IsDir() && in != folder {
			below[in] = true
		}
		return err
	})
	if err != nil || len(below) == 0 {
		t.Fatalf("%s: %d apps, %v", folder, len(below), err)
	}
	return slices.Sorted(maps.Keys(below))
}

func TestTheOverlayIsTheBaseInProduction(t *testing.T) {
	for _, name := range []string{"web-deployment.yaml", "web-service.yaml"} {
		base, err := os.ReadFile("kustomize/base/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if web, err := os.ReadFile("web/" + name); err != nil || string(base) != string(web) {
			t.Errorf("%s differs from the example without kustomize (%v)", name, err)
		}
	}
	set, err := manifest.Load(t.Context(), os.DirFS("."), "kustomize/prod", manifest.Options{})
	if err != nil || len(set.Manifests) != 3 {
		t.Fatalf("%d objects, %v", len(set.Manifests), err)
	}
	deployment := set.Manifests[0]
	replicas, _, _ := unstructured.NestedInt64(deployment.Object.Object, "spec", "replicas")
	if deployment.ID.String() != "deployment.apps/prod-web-server" || replicas != 3 || deployment.File != "kustomize/base/web-deployment.yaml" {
		t.Errorf("%s with %d replicas from %s", deployment.ID, replicas, deployment.File)
	}
}

// TestTheOverlayIsReadFromACommit reads it from the object store, and no more of the commit than it refers to.
func TestTheOverlayIsReadFromACommit(t *testing.T) {
	work := gittest.New(t)
	if err := os.CopyFS(filepath.Join(work.Dir, "examples"), os.DirFS(".")); err != nil {
		t.Fatal(err)
	}
	read := func() (*git.Root, git.Snapshot) {
		repository, err := git.Open(git.Options{URL: work.Dir})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = repository.Close() }()
		snapshot, err := repository.Fetch(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		root := snapshot.Root()
		set, err := manifest.Load(t.Context(), root, "examples/kustomize/prod", manifest.Options{})
		if err != nil || len(set.Manifests) != 3 || root.Err() != nil {
			t.Fatalf("%d objects, %v, %v", len(set.Manifests), err, root.Err())
		}
		return root, snapshot
	}
	work.Commit("Begin")
	root, begin := read()
	if _, err := manifest.Load(t.Context(), begin.Root(), "examples/none", manifest.Options{}); !errors.Is(err, git.ErrPathNotFound) {
		t.Errorf("a path that is not there: %v", err)
	}
	trace := root.Trace()
	for name := range trace {
		if !strings.HasPrefix(name, "examples/kustomize/base/") && !strings.HasPrefix(name, "examples/kustomize/prod/") {
			t.Errorf("%s was looked at", name)
		}
	}
	for change, same := range map[string]bool{"examples/web/web-service.yaml": true, "examples/kustomize/base/README.md": true, "examples/kustomize/base/web-service.yaml": false} {
		work.Write(change, example(t, "web/web-service.yaml")+"# "+change+"\n")
		work.Commit("Change " + change)
		_, snapshot := read()
		hashes, err := snapshot.Hashes(slices.Collect(maps.Keys(trace)))
		if err != nil || maps.Equal(hashes, trace) != same {
			t.Errorf("after a change of %s: as it was %t, want %t (%v)", change, !same, same, err)
		}
		work.Git("revert", "--no-edit", "HEAD")
	}
}

func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestTheBinaryCarriesTheExampleAsItIs(t *testing.T) {
	err := fs.WalkDir(examples.Files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		carried, err := fs.ReadFile(examples.Files, name)
		if err != nil {
			return err
		}
		there, err := os.ReadFile(filepath.FromSlash(name))
		if string(carried) != string(there) {
			t.Errorf("%s differs", name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestTheExampleIsTheTutorials(t *testing.T) {
	set, err := manifest.Read(t.Context(), os.DirFS("web"))
	if err != nil || len(set.Manifests) != 2 {
		t.Fatalf("%d objects, %v", len(set.Manifests), err)
	}
	deployment, service := set.Manifests[0].Object, set.Manifests[1].Object
	if deployment.GetName() != "web-server" || service.GetName() != "web-service" {
		t.Fatalf("objects %s and %s", deployment.GetName(), service.GetName())
	}
	if replicas, _, _ := unstructured.NestedInt64(deployment.Object, "spec", "replicas"); replicas != 1 {
		t.Errorf("%d replicas", replicas)
	}
	labels, _, _ := unstructured.NestedStringMap(deployment.Object, "spec", "template", "metadata", "labels")
	selector, _, _ := unstructured.NestedStringMap(service.Object, "spec", "selector")
	if labels["app"] != "web" || labels["environment"] != "practice" || selector["app"] != "web" {
		t.Errorf("labels %v, selector %v", labels, selector)
	}
}

func TestTheKindConfigIsACluster(t *testing.T) {
	text, err := os.ReadFile("kind/kind.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var config struct {
		Kind, APIVersion, Name string
		Nodes                  []struct{ Role string }
	}
	if err := yaml.UnmarshalStrict(text, &config); err != nil {
		t.Fatal(err)
	}
	if config.Kind != "Cluster" || !strings.HasPrefix(config.APIVersion, "kind.x-k8s.io/") || len(config.Nodes) != 4 {
		t.Errorf("config %+v", config)
	}
	if readme, err := os.ReadFile("kind/README.md"); err != nil || !strings.Contains(string(readme), "use-context kind-"+config.Name) {
		t.Errorf("the three lines use another context than kind-%s (%v)", config.Name, err)
	}
}
