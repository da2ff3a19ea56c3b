package git_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func TestHashesAreGits(t *testing.T) {
	work := newRepo(t)
	work.write("apps/web/a.yaml", "a: 1\n")
	work.write("apps/db/a.yaml", "a: 1\n")
	if err := os.Symlink("web", filepath.Join(work.dir, "apps", "link")); err != nil {
		t.Fatal(err)
	}
	hash := work.commit("b.yaml", "b: 1\n")
	want := map[string]string{
		"apps/none": "", "apps/web/a.yaml/x": "", "none/none": "",
		"apps/link": git.Unreadable, "apps/link/a.yaml": git.Unreadable, "../x": git.Unreadable, "": git.Unreadable,
	}
	for _, name := range []string{"apps", "apps/web", "apps/db", "apps/web/a.yaml", "b.yaml"} {
		want[name] = work.run("rev-parse", hash+":"+name)
	}
	want["."] = work.run("rev-parse", hash+"^{tree}")
	got, err := fetch(t, open(t, work.dir), hash).Hashes(keys(want))
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("hashes %v, want %v (%v)", got, want, err)
	}
}

// TestAnOddFolderDoesNotHideTheOthers has a name in one folder that is refused.
func TestAnOddFolderDoesNotHideTheOthers(t *testing.T) {
	work := newRepo(t)
	web := work.commit("web/a.yaml", "a: 1\n") + ":web"
	apps := work.pipe("040000 tree "+work.rawTree("100644 .GIT")+"\todd\n040000 tree "+work.run("rev-parse", web)+"\tweb\n", "mktree")
	hash := work.commitRoot(work.pipe("040000 tree "+apps+"\tapps\n", "mktree"))
	got, err := fetch(t, open(t, work.dir), hash).Hashes([]string{"apps/odd/b.yaml", "apps/web/a.yaml"})
	want := map[string]string{"apps/odd/b.yaml": git.Unreadable, "apps/web/a.yaml": work.run("rev-parse", hash+":apps/web/a.yaml")}
	if err != nil || !maps.Equal(got, want) {
		t.Errorf("hashes %v, %v", got, err)
	}
}

func TestHashesOfTheZeroSnapshot(t *testing.T) {
	if _, err := (git.Snapshot{}).Hashes([]string{"a"}); !errors.Is(err, git.ErrNoCommits) {
		t.Errorf("hashes: %v", err)
	}
	if _, err := (git.Snapshot{}).Folders("*"); !errors.Is(err, git.ErrNoCommits) {
		t.Errorf("folders: %v", err)
	}
}

func TestFoldersThatMatch(t *testing.T) {
	work := newRepo(t)
	for _, name := range []string{
		"apps/web/a", "apps/db/a", "apps/.hidden/a", "apps/file", "teams/x/apps/1/a", "teams/y/apps/2/a", "teams/z/lib/3/a",
		"teams/.old/apps/4/a", "a[b/c/a",
	} {
		work.write(name, "a")
	}
	if err := os.Symlink("web", filepath.Join(work.dir, "apps", "link")); err != nil {
		t.Fatal(err)
	}
	hash := work.commit("b.yaml", "b: 1\n")
	s := fetch(t, open(t, work.dir), hash)
	for pattern, want := range map[string][]string{
		"apps/*":             {"apps/db", "apps/web"},
		"./apps/*/":          {"apps/db", "apps/web"},
		"apps/w*":            {"apps/web"},
		"apps/[^w]*":         {"apps/db"},
		"apps/web":           {"apps/web"},
		"apps/.hidden":       {"apps/.hidden"},
		"apps/.*":            nil,
		"*":                  {"a[b", "apps", "teams"},
		".":                  {"."},
		"teams/*/apps/*":     {"teams/x/apps/1", "teams/y/apps/2"},
		"teams/.old/apps/*":  {"teams/.old/apps/4"},
		"teams/*/apps":       {"teams/x/apps", "teams/y/apps"},
		"teams/*/none/*":     nil,
		`a\[b/*`:             {"a[b/c"},
		"teams/?/apps/[0-1]": {"teams/x/apps/1"},
	} {
		found, err := s.Folders(pattern)
		hashes := map[string]string{}
		for _, name := range want {
			hashes[name] = must(s.TreeHash(name))
		}
		if err != nil || !maps.Equal(found, hashes) {
			t.Errorf("%s: %v, %v, want %v", pattern, found, err, want)
		}
	}
	for pattern, kind := range map[string]error{
		"none/*": git.ErrPathNotFound, "apps/file/*": git.ErrPathNotFound, "apps/link/*": git.ErrUnsupported, "../*": git.ErrPathNotFound,
		"/apps/*": git.ErrPathNotFound, "apps/[": git.ErrPathNotFound, "": git.ErrPathNotFound, "apps/none": git.ErrPathNotFound,
	} {
		if found, err := s.Folders(pattern); !errors.Is(err, kind) {
			t.Errorf("%q: %v, %v, want %v", pattern, found, err, kind)
		}
	}
}

func TestTooManyFoldersToMatchAreRefused(t *testing.T) {
	work := newRepo(t)
	hash := work.importFiles(git.MaxPathEntries+1, func(i int) string { return fmt.Sprintf("many/%d/%d.yaml", i%400, i) })
	_, err := fetch(t, open(t, work.dir), hash).Folders("many/*/*")
	if !errors.Is(err, git.ErrTooLarge) || !strings.Contains(err.Error(), "many") {
		t.Errorf("folders: %v", err)
	}
}

// BenchmarkHashes looks up 1,000 apps below one folder beside reading that folder's tree and the root's alone.
func BenchmarkHashes(b *testing.B) {
	work := newRepo(b)
	var paths []string
	for i := range 1000 {
		paths = append(paths, fmt.Sprintf("apps/app-%04d", i))
	}
	hash := work.importFiles(4000, func(i int) string { return fmt.Sprintf("%s/%d.yaml", paths[i/4], i%4) })
	s := fetch(b, open(b, work.dir), hash)
	var all, one stopwatch
	for b.Loop() {
		all.time(func() { must(s.Hashes(paths)) })
		one.time(func() { must(s.Hashes(paths[:1])) })
	}
	b.ReportMetric(all.mean(), "ms/1000-paths")
	b.ReportMetric(one.mean(), "ms/1-path")
	b.ReportMetric(all.mean()/one.mean(), "ratio")
}
