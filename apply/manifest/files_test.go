package manifest_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

func TestAKustomizationBelowPlainManifestsIsRefused(t *testing.T) {
	for _, name := range []string{"kustomization.yaml", "kustomization.yml", "Kustomization"} {
		all := refused(t, folder("base/"+name, "resources: [a.yaml]", "base/a.yaml", deployment))
		want := "base/" + name + ": a kustomization below a folder without one; make base the app's path"
		if all.Error() != want {
			t.Errorf("got %s, want %s", all, want)
		}
	}
}

func TestFluxKustomizationsAreObjectsLikeOthers(t *testing.T) {
	set := read(t, folder("a.yaml", "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\nmetadata: {name: a}\n"))
	if len(set.Manifests) != 1 {
		t.Errorf("%d objects", len(set.Manifests))
	}
}

// TestSymlinksAreRefusedAndNotFollowed has links of all sorts in a real folder.
func TestSymlinksAreRefusedAndNotFollowed(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret.yaml")
	if err := os.WriteFile(secret, []byte("hunter2: {"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]string{
		"a.yaml": secret, "b.yaml": "nowhere.yaml", "c": "..", "d": outside,
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	_, err := manifest.Read(t.Context(), os.DirFS(dir))
	const message = "symlink not allowed; commit the file itself"
	want := "a.yaml: " + message + "; b.yaml: " + message + "; c: " + message + "; d: " + message
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func TestWhatIsNoFileIsRefused(t *testing.T) {
	all := refused(t, fstest.MapFS{"a.yaml": {Mode: fs.ModeNamedPipe}})
	if want := "a.yaml: not a regular file"; all.Error() != want {
		t.Errorf("got %s, want %s", all, want)
	}
}

func TestANameWithAControlCharacterIsRefused(t *testing.T) {
	all := refused(t, folder("a\tb.yaml", deployment, "c\n/d.yaml", deployment))
	if want := `a\tb.yaml: control character in the name; c\n: control character in the name`; all.Error() != want {
		t.Errorf("got %s, want %s", all, want)
	}
}

func TestAFolderThatIsMissingIsNotAnEmptyOne(t *testing.T) {
	_, err := manifest.Read(t.Context(), os.DirFS(filepath.Join(t.TempDir(), "gone")))
	var all manifest.Errors
	if !errors.Is(err, fs.ErrNotExist) || errors.As(err, &all) {
		t.Errorf("got %v", err)
	}
}

func TestAFolderWithoutManifestsIsEmpty(t *testing.T) {
	set := read(t, folder("README.md", "# Nothing", ".a.yaml", "x", "b.yaml/c.txt", "x"))
	if set.Files != 0 || set.Ignored != 0 || len(set.Manifests) != 0 {
		t.Errorf("%+v", set)
	}
}
