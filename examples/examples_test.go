package examples_test

import (
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
		for _, app := range apps(t, folder.Name()) {
			set, err := manifest.Read(t.Context(), os.DirFS(app))
			if err != nil || len(set.Manifests) == 0 {
				t.Errorf("%s: %d objects, %v", app, len(set.Manifests), err)
			}
		}
	}
}

// apps returns the folders of an example whose manifests are applied as a unit: the folder itself, or those in it when a
// config file says which.
func apps(t *testing.T, folder string) []string {
	t.Helper()
	if _, err := os.Stat(filepath.Join(folder, "config.yaml")); err != nil {
		return []string{folder}
	}
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
