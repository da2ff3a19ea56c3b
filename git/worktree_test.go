package git_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func workTree(t testing.TB, dir string) git.Snapshot {
	t.Helper()
	s, err := git.WorkTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAWorkTreeReadsAsACommitOfIt(t *testing.T) {
	work := newRepo(t)
	for _, name := range []string{"apps/web/a.yaml", "apps/web/deep/b.yaml", "apps/db/c.yaml", "apps/.hidden/d.yaml", "apps/file", "other/e.yaml"} {
		work.write(name, "of: "+name+"\n")
	}
	commit := fetch(t, open(t, work.dir), work.commit("README", "text"))
	tree := workTree(t, work.dir)
	if !tree.Revision.IsZero() {
		t.Errorf("its revision is %s", tree.Revision)
	}
	for _, folder := range []string{".", "apps", "apps/web"} {
		if got, want := contents(t, tree, folder), contents(t, commit, folder); !maps.Equal(got, want) {
			t.Errorf("%s: %v, in the commit %v", folder, got, want)
		}
	}
	for _, pattern := range []string{"apps/*", "*/web", "none", "apps/.*"} {
		got, failed := tree.Folders(pattern)
		want, wanted := commit.Folders(pattern)
		names := slices.Sorted(maps.Keys(got))
		if !slices.Equal(names, slices.Sorted(maps.Keys(want))) || (failed == nil) != (wanted == nil) {
			t.Errorf("%s: %v, %v, in the commit %v, %v", pattern, names, failed, want, wanted)
		}
	}
	if got, err := fs.ReadFile(tree.Root(), "other/e.yaml"); err != nil || string(got) != "of: other/e.yaml\n" {
		t.Errorf("through its root: %q, %v", got, err)
	}
}

// contents returns all files below a folder.
func contents(t *testing.T, s git.Snapshot, folder string) map[string]string {
	t.Helper()
	files, err := s.Files(folder)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	err = fs.WalkDir(files, ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		all[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestAWorkTreeHasWhatIsNotCommitted(t *testing.T) {
	work := newRepo(t)
	work.write(".gitignore", "ignored.yaml\n")
	work.commit("a.yaml", "a: 1\n")
	work.write("a.yaml", "a: 2\n")
	work.write("ignored.yaml", "i: 1\n")
	work.run("checkout", "-q", "--detach")
	got := contents(t, workTree(t, work.dir), ".")
	if want := map[string]string{".gitignore": "ignored.yaml\n", "a.yaml": "a: 2\n", "ignored.yaml": "i: 1\n"}; !maps.Equal(got, want) {
		t.Errorf("it has %q", got)
	}
}

func TestNoHashOfAWorkTreeIsThatOfAnother(t *testing.T) {
	dir := t.TempDir()
	first, second := must(workTree(t, dir).TreeHash(".")), must(workTree(t, dir).TreeHash("."))
	if first == second {
		t.Errorf("two snapshots say %s", first)
	}
}

func TestAWorkTreeRefusesWhatACommitDoes(t *testing.T) {
	outside := t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("hidden"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		make func(dir string) error
		kind error
		text string
	}{
		"symlink to a file": {
			func(dir string) error {
				return os.Symlink(filepath.Join(outside, "secret"), filepath.Join(dir, "a.yaml"))
			},
			git.ErrUnsupported, "app/a.yaml: a symlink",
		},
		"symlink to a folder": {
			func(dir string) error { return os.Symlink(outside, filepath.Join(dir, "a")) }, git.ErrUnsupported, "app/a: a symlink",
		},
		"a repository": {
			func(dir string) error { return os.MkdirAll(filepath.Join(dir, "sub", ".git"), 0o755) }, git.ErrUnsupported, "app/sub: a submodule",
		},
		"a pipe": {func(dir string) error { return syscall.Mkfifo(filepath.Join(dir, "p.yaml"), 0o600) }, git.ErrUnsupported, "app/p.yaml: mode"},
		"too large": {
			func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "a.yaml"), make([]byte, git.MaxFileSize+7), 0o600)
			}, git.ErrTooLarge, "app/a.yaml: 1048583 bytes",
		},
		"a control character": {
			func(dir string) error { return os.WriteFile(filepath.Join(dir, "a\x1b.yaml"), nil, 0o600) }, git.ErrUnsupported, "control character",
		},
		"a pointer": {
			func(dir string) error {
				return os.WriteFile(filepath.Join(dir, "a.yaml"), []byte("version https://git-lfs.github.com/spec/v1\n"), 0o600)
			}, git.ErrUnsupported, "LFS",
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			app := filepath.Join(dir, "app")
			if err := errors.Join(os.Mkdir(app, 0o755), c.make(app)); err != nil {
				t.Fatal(err)
			}
			_, err := workTree(t, dir).Files("app")
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.text) || !strings.HasPrefix(err.Error(), dir+": ") {
				t.Errorf("files: %v", err)
			}
		})
	}
}

func TestAFolderThatIsNotThereIsNoWorkTree(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, file + "/none", filepath.Join(t.TempDir(), "none")} {
		if _, err := git.WorkTree(dir); !errors.Is(err, git.ErrNotFound) {
			t.Errorf("%s: %v", dir, err)
		}
	}
	if _, err := workTree(t, t.TempDir()).Files("none"); !errors.Is(err, git.ErrPathNotFound) {
		t.Errorf("a path that is not in it: %v", err)
	}
}
