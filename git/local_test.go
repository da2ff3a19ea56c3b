package git_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func readFile(files fs.FS, name string) (string, error) {
	text, err := fs.ReadFile(files, name)
	return string(text), err
}

func TestACommitIsSeenWithItsFilesAndItsAuthor(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("manifests/web.yaml", "replicas: 1\n")
	r := open(t, work.dir)
	s := fetch(t, r, hash)
	if got := content(t, s, "manifests", "web.yaml"); got != "replicas: 1\n" {
		t.Errorf("web.yaml = %q", got)
	}
	if s.Author != "Ada" || s.Message != "Change manifests/web.yaml" || s.Revision.Ref != "main" {
		t.Errorf("snapshot is %+v", s)
	}
	if got := s.Time.UTC().Format("15:04:05"); got != "03:04:06" {
		t.Errorf("committed at %s", got)
	}
	hash = work.commit("manifests/web.yaml", "replicas: 3\n")
	if got := content(t, fetch(t, r, hash), "manifests", "web.yaml"); got != "replicas: 3\n" {
		t.Errorf("after the second commit web.yaml = %q", got)
	}
	if got := content(t, s, "manifests", "web.yaml"); got != "replicas: 1\n" {
		t.Errorf("the first snapshot now reads %q", got)
	}
}

func TestUncommittedFilesAreNotSeen(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("a.yaml", "a: 1\n")
	work.write("a.yaml", "a: 2\n")
	work.write("b.yaml", "b: 1\n")
	files, err := fetch(t, open(t, work.dir), hash).Files(".")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readFile(files, "a.yaml"); got != "a: 1\n" || err != nil {
		t.Errorf("a.yaml = %q, %v", got, err)
	}
	if _, err := readFile(files, "b.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("b.yaml: %v", err)
	}
}

func TestARepositoryWithoutCommitsSaysSoAndRecovers(t *testing.T) {
	work := newRepo(t)
	r := open(t, work.dir)
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNoCommits) {
		t.Fatalf("fetch: %v", err)
	}
	fetch(t, r, work.commit("a.yaml", "a: 1\n"))
}

func TestARepositoryWithoutABranchIsToldFromOneWithoutCommits(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	work.run("checkout", "--quiet", "--detach")
	work.run("branch", "-D", "main")
	r := open(t, work.dir)
	for _, want := range []string{"no branch, only a commit that is checked out", "no branch, only tags"} {
		if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrBranchNotFound) || !strings.Contains(err.Error(), want) {
			t.Errorf("fetch: %v, want %s", err, want)
		}
		work.run("tag", "--force", "v1.0.0")
	}
}

func TestAMissingBranchIsToldWithThoseThatThereAre(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	for _, name := range []string{"a", "b", "c", "feature/d", "e"} {
		work.run("branch", name)
	}
	work.run("pack-refs", "--all")
	work.run("branch", "-m", "main", "z")
	r := open(t, work.dir)
	_, err := r.Fetch(t.Context())
	if !errors.Is(err, git.ErrBranchNotFound) || !strings.Contains(err.Error(), "a, b, c, e, feature/d, ...") {
		t.Fatalf("fetch: %v", err)
	}
	work.run("branch", "-m", "z", "main")
	fetch(t, r, work.run("rev-parse", "main"))
}

func TestGarbageCollectionWhileRunningIsNotNoticed(t *testing.T) {
	work := newRepo(t)
	for i := range 5 {
		work.commit("a.yaml", strings.Repeat("x", 200*i+1))
	}
	r := open(t, work.dir)
	before := fetch(t, r, work.run("rev-parse", "HEAD"))
	work.run("gc", "-q", "--prune=now")
	if got := content(t, before, ".", "a.yaml"); len(got) != 801 {
		t.Errorf("after gc a.yaml has %d bytes", len(got))
	}
	hash := work.commit("a.yaml", "after\n")
	work.run("gc", "-q", "--prune=now")
	work.run("-c", "repack.useDeltaBaseOffset=false", "repack", "-adfq")
	if got := content(t, fetch(t, r, hash), ".", "a.yaml"); got != "after\n" {
		t.Errorf("after gc a.yaml = %q", got)
	}
}

func TestPacksWithFarOffsetsAreRead(t *testing.T) {
	work := newRepo(t)
	work.write("a.yaml", strings.Repeat("a: 1\n", 1000))
	work.write("b.yaml", strings.Repeat("a: 1\n", 1000)+"b: 1\n") // a delta of the other
	hash := work.commit("c.yaml", "c: 1\n")
	work.run("repack", "-adq")
	packs := found(t, work.dir, ".pack")
	work.run("index-pack", "--index-version=2,0x20", packs[0]) // every offset above 32 is told as if it were above 2 GiB
	s := fetch(t, open(t, work.dir), hash)
	if got := content(t, s, ".", "b.yaml"); len(got) != 5005 || content(t, s, ".", "c.yaml") != "c: 1\n" {
		t.Errorf("b.yaml has %d bytes", len(got))
	}
}

func TestARebaseMovesTheBranch(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	work.run("checkout", "-q", "-b", "topic")
	work.commit("b.yaml", "b: 1\n")
	work.run("checkout", "-q", "main")
	r := openWith(t, git.Options{URL: work.dir, Branch: "topic"})
	fetch(t, r, work.run("rev-parse", "topic"))
	work.commit("c.yaml", "c: 1\n")
	work.run("rebase", "-q", "main", "topic")
	s := fetch(t, r, work.run("rev-parse", "topic"))
	if got := content(t, s, ".", "c.yaml"); got != "c: 1\n" {
		t.Errorf("c.yaml = %q", got)
	}
}

func TestEveryKindOfFolderIsFound(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("manifests/a.yaml", "a: 1\n")
	parent := t.TempDir()
	linked, bare, shared := filepath.Join(parent, "linked"), filepath.Join(parent, "bare.git"), filepath.Join(parent, "shared")
	shallow, super := filepath.Join(parent, "shallow"), newRepo(t)
	work.run("worktree", "add", "-q", "-b", "other", linked)
	work.run("clone", "-q", "--bare", work.dir, bare)
	work.run("clone", "-q", "--shared", work.dir, shared)
	work.run("clone", "-q", "--depth=1", "file://"+work.dir, shallow)
	super.run("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", work.dir, "sub")
	for name, dir := range map[string]string{
		"work tree": work.dir, "folder in it": filepath.Join(work.dir, "manifests"), "git folder": filepath.Join(work.dir, ".git"),
		"linked work tree": linked, "bare": bare, "alternates": shared, "shallow": shallow, "submodule": filepath.Join(super.dir, "sub"),
	} {
		t.Run(name, func(t *testing.T) {
			if got := content(t, fetch(t, open(t, dir), hash), "manifests", "a.yaml"); got != "a: 1\n" {
				t.Errorf("a.yaml = %q", got)
			}
		})
	}
}

func TestAFolderThatIsNoRepositoryIsRefused(t *testing.T) {
	for _, dir := range []string{t.TempDir(), filepath.Join(t.TempDir(), "missing")} {
		if _, err := git.Open(git.Options{URL: dir}); !errors.Is(err, git.ErrNotFound) {
			t.Errorf("open: %v", err)
		}
	}
}

func TestARepositoryThatGoesAwayIsNotTakenForTheOneAboveIt(t *testing.T) {
	above := newRepo(t)
	above.commit("a.yaml", "above: 1\n")
	work := at(t, filepath.Join(above.dir, "inside"))
	if err := os.Mkdir(work.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	work.run("init", "-q", "-b", "main")
	r := open(t, work.dir)
	fetch(t, r, work.commit("a.yaml", "a: 1\n"))
	if err := os.RemoveAll(filepath.Join(work.dir, ".git")); err != nil {
		t.Fatal(err)
	}
	if s, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNotFound) {
		t.Errorf("fetched %s, %v", s.Message, err)
	}
	if got := r.Watch(); !slices.Equal(got, []string{work.dir}) {
		t.Errorf("watches %v", got)
	}
	work.run("init", "-q", "-b", "main")
	fetch(t, r, work.commit("a.yaml", "a: 2\n"))
}

func TestWatchNamesTheFilesOfTheBranchWhereverTheyAre(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	linked := filepath.Join(t.TempDir(), "linked")
	work.run("worktree", "add", "-q", "-b", "team/topic", linked)
	want := []string{filepath.Join(work.dir, ".git/refs/heads/team/topic"), filepath.Join(work.dir, ".git/packed-refs")}
	if got := openWith(t, git.Options{URL: linked, Branch: "team/topic"}).Watch(); !slices.Equal(got, want) {
		t.Errorf("watches %v, want %v", got, want)
	}
	if got := open(t, newServer(t).url).Watch(); got != nil {
		t.Errorf("a remote watches %v", got)
	}
}

func TestARefToAnObjectThatIsNotThereIsAnErrorAndRecovers(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("a.yaml", "a: 1\n")
	r := open(t, work.dir)
	name := filepath.Join(work.dir, ".git", "objects", hash[:2], hash[2:])
	if err := os.Rename(name, name+".away"); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrCorrupt) {
		t.Fatalf("fetch: %v", err)
	}
	if err := os.Rename(name+".away", name); err != nil {
		t.Fatal(err)
	}
	fetch(t, r, hash)
}

func TestSHA256RepositoriesAreRefusedByName(t *testing.T) {
	s := newServer(t, "--object-format=sha256")
	s.push("a.yaml", "a: 1\n")
	for _, url := range []string{s.dir, s.url} {
		_, err := open(t, url).Fetch(t.Context())
		if !errors.Is(err, git.ErrUnsupported) || !strings.Contains(err.Error(), "sha256") {
			t.Errorf("fetch: %v", err)
		}
	}
}

func TestAHeadThatIsNotThereIsCalledAnObject(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	missing := strings.Repeat("ab", 20)
	if err := os.WriteFile(filepath.Join(work.Dir, ".git", "refs", "heads", "main"), []byte(missing+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, work.Dir).Fetch(t.Context())
	if !errors.Is(err, git.ErrCorrupt) || !strings.Contains(err.Error(), ": object "+missing+" is missing from the repository") {
		t.Errorf("fetch: %v", err)
	}
}
