package git_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// TestARefThatIsDamagedIsNamedWithWhatToDo, as a machine leaves it that stops in the middle, and some tools.
func TestARefThatIsDamagedIsNamedWithWhatToDo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"":                         `ref "refs/heads/main" holds no hash: put it back with git update-ref`,
		strings.Repeat("\x00", 41): `ref "refs/heads/main" holds no hash`,
		"deadbeef\n":               `ref "refs/heads/main" holds no hash`,
		"ref: refs/heads/main\n":   `ref "refs/heads/main" leads by symbolic ones in a circle`,
		"ref: refs/heads/other\n":  `ref "refs/heads/main" stands for "refs/heads/other", which is not there`,
		"ref: ../../x":             `ref "refs/heads/main" is a symbolic one that leads out of the repository`,
	} {
		work := newRepo(t)
		hash := work.commit("a.yaml", "a: 1\n")
		r := open(t, work.dir)
		work.write(".git/refs/heads/main", text)
		_, err := r.Fetch(t.Context())
		if !errors.Is(err, git.ErrCorrupt) && !errors.Is(err, git.ErrBranchNotFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
		work.write(".git/refs/heads/main", hash+"\n")
		fetch(t, r, hash)
	}
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	work.run("pack-refs", "--all")
	work.write(".git/packed-refs", strings.Repeat("x", 100_000))
	if _, err := open(t, work.dir).Fetch(t.Context()); !errors.Is(err, git.ErrCorrupt) || !strings.Contains(err.Error(), "packed-refs cannot be read: it holds a line") {
		t.Errorf("packed-refs: %v", err)
	}
}

// TestAPartialCloneIsToldFromADamagedOne, and what it says to do helps.
func TestAPartialCloneIsToldFromADamagedOne(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.bare.run("config", "uploadpack.allowFilter", "true")
	hash := s.push("apps/a.yaml", "a: 1\n")
	for _, filter := range []string{"blob:none", "tree:0"} {
		dir := filepath.Join(t.TempDir(), "clone")
		s.run("clone", "-q", "--filter="+filter, "--no-checkout", "file://"+s.bare.dir, dir)
		r := open(t, dir)
		snapshot, err := r.Fetch(t.Context())
		if err == nil {
			_, err = snapshot.Files("apps")
		}
		if !errors.Is(err, git.ErrUnsupported) || !strings.Contains(err.Error(), "is not in this clone, which is a partial one") {
			t.Errorf("%s: %v", filter, err)
		}
		clone := at(t, dir)
		clone.run("config", "--unset-all", "remote.origin.partialclonefilter")
		clone.run("-c", "gc.auto=0", "-c", "maintenance.auto=false", "fetch", "-q", "--refetch") // nothing goes on behind it
		if got := content(t, fetch(t, r, hash), "apps", "a.yaml"); got != "a: 1\n" {
			t.Errorf("a.yaml = %q", got)
		}
	}
}

// TestALinkedWorkTreeWhoseRepositoryIsGoneIsSaidToBe has the repository moved, and git repair that.
func TestALinkedWorkTreeWhoseRepositoryIsGoneIsSaidToBe(t *testing.T) {
	t.Parallel()
	work, linked := newRepo(t), filepath.Join(t.TempDir(), "linked")
	work.commit("a.yaml", "a: 1\n")
	work.run("worktree", "add", "-q", "-b", "other", linked)
	r := openWith(t, git.Options{URL: linked, Branch: "other"})
	fetch(t, r, work.run("rev-parse", "other"))
	if err := os.Rename(work.dir, work.dir+"-moved"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNotFound) || !strings.Contains(err.Error(), "git worktree repair") {
		t.Errorf("fetch: %v", err)
	}
	at(t, work.dir+"-moved").run("worktree", "repair", linked)
	fetch(t, r, at(t, work.dir+"-moved").run("rev-parse", "other"))
}
