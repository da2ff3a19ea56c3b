package git_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func openWorkTree(t testing.TB, dir string) *git.Repository {
	t.Helper()
	r, err := git.OpenWorkTree(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func look(t testing.TB, r *git.Repository) git.Snapshot {
	t.Helper()
	s, err := r.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestEachStateOfAWorkTreeIsARevisionOfItsOwn(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("apps/a.yaml", "a: 1\n")
	r := openWorkTree(t, work.dir)
	seen := map[string]string{}
	for _, step := range []struct {
		what  string
		do    func()
		moves bool
		want  map[string]string
	}{
		{"nothing", func() {}, true, map[string]string{"a.yaml": "a: 1\n"}},
		{"nothing again", func() {}, false, map[string]string{"a.yaml": "a: 1\n"}},
		{"an edit of the same length", func() { work.write("apps/a.yaml", "a: 2\n") }, true, map[string]string{"a.yaml": "a: 2\n"}},
		{"a save of the same text", func() { work.write("apps/a.yaml", "a: 2\n") }, false, map[string]string{"a.yaml": "a: 2\n"}},
		{"an atomic save", func() {
			work.write("apps/.a.yaml.tmp", "a: 3\n")
			_ = os.Rename(filepath.Join(work.dir, "apps/.a.yaml.tmp"), filepath.Join(work.dir, "apps/a.yaml"))
		}, true, map[string]string{"a.yaml": "a: 3\n"}},
		{"what an editor makes", func() {
			for _, name := range []string{".a.yaml.swp", "a.yaml~", ".#a.yaml", "#a.yaml#", "4913", "a.yaml___jb_tmp___"} {
				work.write("apps/"+name, "text")
			}
		}, false, map[string]string{"a.yaml": "a: 3\n"}},
		{"a new file", func() { work.write("apps/b.yaml", "b: 1\n") }, true, map[string]string{"a.yaml": "a: 3\n", "b.yaml": "b: 1\n"}},
		{"another folder", func() { work.write("other/c.yaml", "c: 1\n") }, true, map[string]string{"a.yaml": "a: 3\n", "b.yaml": "b: 1\n"}},
		{"a commit of it", func() { hash = work.Commit("all") }, false, map[string]string{"a.yaml": "a: 3\n", "b.yaml": "b: 1\n"}},
		{"a checkout", func() { work.run("clean", "-qfdx"); work.run("checkout", "-q", "HEAD^", "--", "apps") }, true, map[string]string{"a.yaml": "a: 1\n", "b.yaml": "b: 1\n"}},
		{"the folder replaced", func() {
			_ = os.Rename(filepath.Join(work.dir, "apps"), filepath.Join(t.TempDir(), "old"))
			work.write("apps/d.yaml", "d: 1\n")
		}, true, map[string]string{"d.yaml": "d: 1\n"}},
	} {
		step.do()
		s := look(t, r)
		_, again := seen[s.Revision.Hash]
		if again == step.moves || s.Revision.Ref != git.WorkTreeRef || s.Revision.Hash == hash {
			t.Errorf("after %s it is %s, seen after %s", step.what, s.Revision, seen[s.Revision.Hash])
		}
		seen[s.Revision.Hash] = step.what
		if got := contents(t, s, "apps"); !maps.Equal(without(got), step.want) {
			t.Errorf("after %s it holds %v", step.what, got)
		}
		if parsed, err := git.ParseRevision(string(must(s.Revision.MarshalText()))); err != nil || parsed != s.Revision {
			t.Errorf("%s is read as %s, %v", s.Revision, parsed, err)
		}
	}
}

// without leaves out what is no manifest.
func without(files map[string]string) map[string]string {
	maps.DeleteFunc(files, func(name, _ string) bool { return !strings.HasSuffix(name, ".yaml") })
	return files
}

func TestAFolderThatIsAsItWasHasTheHashThatItHad(t *testing.T) {
	work := newRepo(t)
	work.write("apps/a.yaml", "a: 1\n")
	work.write("other/b.yaml", "b: 1\n")
	r := openWorkTree(t, work.dir)
	before := must(look(t, r).Hashes([]string{"apps", "other", "none"}))
	work.write("other/b.yaml", "b: 2\n")
	after := must(look(t, r).Hashes([]string{"apps", "other", "none"}))
	if after["apps"] != before["apps"] || after["other"] == before["other"] || after["none"] != "" {
		t.Errorf("before %v, after %v", before, after)
	}
}

func TestAStateThatHasPassedIsNotReadAsAnother(t *testing.T) {
	work := newRepo(t)
	work.write("apps/a.yaml", "a: 1\n")
	work.write("other/a.yaml", "a: 0\n")
	r := openWorkTree(t, work.dir)
	first := look(t, r)
	work.write("other/a.yaml", "a: 2\n")
	if got := content(t, first, "apps", "a.yaml"); got != "a: 1\n" {
		t.Errorf("a file that has not changed holds %q", got)
	}
	if _, err := first.Files("other"); !errors.Is(err, git.ErrCorrupt) || !strings.Contains(err.Error(), "other/a.yaml: changed since") {
		t.Errorf("what has changed: %v", err)
	}
	if got := content(t, look(t, r), "other", "a.yaml"); got != "a: 2\n" {
		t.Errorf("it holds %q", got)
	}
}

func TestWhatAnAppHasNoBusinessWithHarmsNoneInAWorkTree(t *testing.T) {
	work := newRepo(t)
	work.write("apps/a.yaml", "a: 1\n")
	work.write("large/file", strings.Repeat("x", git.MaxFileSize+1))
	work.write("sub/.git/HEAD", "ref: refs/heads/main\n")
	if err := errors.Join(os.Symlink("/etc", filepath.Join(work.dir, "link")), syscall.Mkfifo(filepath.Join(work.dir, "pipe"), 0o600)); err != nil {
		t.Fatal(err)
	}
	s := look(t, openWorkTree(t, work.dir))
	if got := content(t, s, "apps", "a.yaml"); got != "a: 1\n" {
		t.Errorf("it holds %q", got)
	}
	for folder, want := range map[string]error{"large": git.ErrTooLarge, "sub": git.ErrUnsupported, "sub/.git": git.ErrUnsupported, "link": git.ErrUnsupported, "none": git.ErrPathNotFound} {
		if _, err := s.Files(folder); !errors.Is(err, want) {
			t.Errorf("%s: %v", folder, err)
		}
	}
}

func TestAWorkTreeThatGoesAwayIsToldAndComesBack(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "work")
	work := at(t, dir)
	work.write("a.yaml", "a: 1\n")
	r := openWorkTree(t, dir)
	first := look(t, r).Revision
	if err := os.Rename(dir, dir+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNotFound) || !strings.HasPrefix(err.Error(), dir+": ") {
		t.Errorf("fetch: %v", err)
	}
	work.write("a.yaml", "a: 1\n")
	if again := look(t, r).Revision; again != first {
		t.Errorf("it is %s, and was %s", again, first)
	}
}

func TestOnlyAFolderIsAWorkTree(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]error{
		file: git.ErrNotFound, file + ".none": git.ErrNotFound, "": git.ErrURL, "https://git.example.com/a.git": git.ErrURL, "https://a:canary@b/": git.ErrURL,
	} {
		if _, err := git.OpenWorkTree(dir); !errors.Is(err, want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", dir, err)
		}
	}
}

func TestTheFoldersOfAWorkTreeAreWatched(t *testing.T) {
	work := newRepo(t)
	work.write("apps/web/a.yaml", "a: 1\n")
	work.write("other/file", "text")
	want := []string{work.dir, filepath.Join(work.dir, "apps"), filepath.Join(work.dir, "other"), filepath.Join(work.dir, "apps/web")}
	if got := openWorkTree(t, work.dir).Watch(); !slices.Equal(got, want) {
		t.Errorf("watches %v, want %v", got, want)
	}
}
