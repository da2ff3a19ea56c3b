package git_test

import (
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/git"
)

func TestFilesAreAProperFileSystem(t *testing.T) {
	work := newRepo(t)
	names := []string{"top/a.yaml", "top/a/b.yaml", "top/a-b.yaml", "top/a.d/c.yaml", "top/empty", "top/é ü.yaml"}
	for _, name := range names {
		work.write(name, strings.TrimSuffix(name, "top/empty"))
	}
	work.run("add", "-A")
	work.run("update-index", "--chmod=+x", "top/a.yaml")
	s := fetch(t, open(t, work.dir), work.commit("elsewhere", "x"))
	files, err := s.Files("./top/")
	if err != nil {
		t.Fatal(err)
	}
	var want []string
	for _, name := range names {
		want = append(want, strings.TrimPrefix(name, "top/"))
	}
	if err := fstest.TestFS(files, want...); err != nil {
		t.Error(err)
	}
	if _, err := fs.Stat(files, "../elsewhere"); !errors.Is(err, fs.ErrInvalid) {
		t.Errorf("stat ../elsewhere: %v", err)
	}
	info, err := fs.Stat(files, "a.yaml")
	if err != nil || !info.ModTime().Equal(s.Time) || !info.Mode().IsRegular() {
		t.Errorf("a.yaml is %v, %v", info, err)
	}
}

func TestFilesCannotBeChangedByTheirReader(t *testing.T) {
	work := newRepo(t)
	files, err := fetch(t, open(t, work.dir), work.commit("a.yaml", "a: 1\n")).Files(".")
	if err != nil {
		t.Fatal(err)
	}
	text, err := fs.ReadFile(files, "a.yaml")
	if err != nil {
		t.Fatal(err)
	}
	text[0] = 'b'
	if got, _ := readFile(files, "a.yaml"); got != "a: 1\n" {
		t.Errorf("a.yaml = %q", got)
	}
}

func TestAMissingPathNamesTheNearestFolder(t *testing.T) {
	work := newRepo(t)
	s := fetch(t, open(t, work.dir), work.commit("apps/web/a.yaml", "a: 1\n"))
	for path, nearest := range map[string]string{
		"apps/wbe/x":        `"apps"`,
		"apps/web/a.yaml":   `"apps/web"`,
		"other":             `"."`,
		"apps/web/../../..": "not inside the repository",
		"/apps":             "not inside the repository",
		"":                  "not inside the repository",
	} {
		_, err := s.Files(path)
		if !errors.Is(err, git.ErrPathNotFound) || !strings.Contains(err.Error(), nearest) {
			t.Errorf("files of %q: %v, want %s", path, err, nearest)
		}
		if _, err := s.TreeHash(path); !errors.Is(err, git.ErrPathNotFound) {
			t.Errorf("tree hash of %q: %v", path, err)
		}
	}
}

func TestTheTreeHashChangesOnlyWithTheFilesBelow(t *testing.T) {
	work := newRepo(t)
	r := open(t, work.dir)
	hashes := func(hash string) map[string]string {
		s, all := fetch(t, r, hash), map[string]string{}
		for _, path := range []string{".", "web", "db"} {
			h, err := s.TreeHash(path)
			if err != nil {
				t.Fatal(err)
			}
			all[path] = h
		}
		return all
	}
	work.write("db/a.yaml", "a: 1\n")
	before := hashes(work.commit("web/a.yaml", "a: 1\n"))
	after := hashes(work.commit("web/a.yaml", "a: 2\n"))
	changed := slices.Sorted(maps.Keys(before))
	changed = slices.DeleteFunc(changed, func(path string) bool { return before[path] == after[path] })
	if !slices.Equal(changed, []string{".", "web"}) {
		t.Errorf("changed: %v", changed)
	}
}

func TestTheZeroSnapshotHoldsNothing(t *testing.T) {
	if _, err := (git.Snapshot{}).Files("."); !errors.Is(err, git.ErrNoCommits) {
		t.Errorf("files: %v", err)
	}
}

func TestACommitMessageCannotForgeALogLine(t *testing.T) {
	work := newRepo(t)
	work.write("a", "a")
	work.run("add", "-A")
	work.run("-c", "user.name=x", "commit", "-q", "--author=A\x1b[31mda <a@b>", "-m", "Fix \x1b]0;x\x07 \u202eit\r\n\nbody")
	s := fetch(t, open(t, work.dir), work.run("rev-parse", "HEAD"))
	if s.Message != `Fix \x1b]0;x\a \u202eit` || s.Author != `A\x1b[31mda` {
		t.Errorf("message %q by %q", s.Message, s.Author)
	}
}
