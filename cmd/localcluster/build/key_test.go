package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sources writes a small module that builds, and returns its folder.
func sources(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	put(t, root, "go.mod", module+"\n\ngo 1.26\n")
	put(t, root, "main.go", "package main\n\nfunc main() { println(\"hello\") }\n")
	put(t, root, "sub/sub.go", "package sub\n")
	return root
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func keyOf(t *testing.T, root string) string {
	t.Helper()
	k, err := key(root)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestTheKeyChangesWithAllThatIsCompiled(t *testing.T) {
	root := sources(t)
	seen := map[string]string{keyOf(t, root): "nothing"}
	for _, name := range []string{"go.mod", "go.sum", "main.go", "sub/sub.go", "sub/new.go"} {
		put(t, root, name, "// changed")
		k := keyOf(t, root)
		if before, known := seen[k]; known {
			t.Errorf("a change of %s gives the key of a change of %s", name, before)
		}
		seen[k] = name
	}
	if err := os.Rename(filepath.Join(root, "sub", "new.go"), filepath.Join(root, "sub", "other.go")); err != nil {
		t.Fatal(err)
	}
	if before, known := seen[keyOf(t, root)]; known {
		t.Errorf("a new name gives the key of a change of %s", before)
	}
}

func TestTheKeyStaysWhenNothingThatIsCompiledChanges(t *testing.T) {
	root := sources(t)
	before := keyOf(t, root)
	for _, name := range []string{"main_test.go", "README.md", "sub/testdata/in.yaml"} {
		put(t, root, name, "changed")
	}
	if after := keyOf(t, root); after != before {
		t.Errorf("the key was %s and is %s", before, after)
	}
	elsewhere := sources(t)
	if other := keyOf(t, elsewhere); other != before {
		t.Errorf("the same sources elsewhere have the key %s, not %s", other, before)
	}
}

func TestTheModuleIsFoundFromASubfolderOnly(t *testing.T) {
	root := sources(t)
	t.Chdir(filepath.Join(root, "sub"))
	found, err := moduleRoot()
	if err != nil {
		t.Fatal(err)
	}
	if same(t, found, root); t.Failed() {
		return
	}
	t.Chdir(t.TempDir())
	if _, err := moduleRoot(); err == nil || !strings.Contains(err.Error(), "go run -C") {
		t.Errorf("elsewhere: %v", err)
	}
}

// same compares folders behind symbolic links, as a temporary folder is on macOS.
func same(t *testing.T, a, b string) {
	t.Helper()
	first, err := os.Stat(a)
	if err != nil {
		t.Fatal(err)
	}
	second, err := os.Stat(b)
	if err != nil {
		t.Fatal(err)
	}
	if !os.SameFile(first, second) {
		t.Errorf("%s is not %s", a, b)
	}
}

func TestTheVersionThatIsLinkedIsTheOneThatIsRequired(t *testing.T) {
	gomod, err := os.ReadFile(filepath.Join("..", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(gomod), "\tk8s.io/kubernetes v"+kubernetes+"\n") {
		t.Errorf("go.mod does not require k8s.io/kubernetes v%s", kubernetes)
	}
}

func TestTheModuleEmbedsNoFileThatTheKeyWouldMiss(t *testing.T) {
	err := filepath.WalkDir("..", func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		data, err := os.ReadFile(path)
		if strings.Contains(string(data), "\n//go:"+"embed ") {
			t.Errorf("%s embeds a file; add it to the key", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
