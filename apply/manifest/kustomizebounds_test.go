package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

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
