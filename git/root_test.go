package git_test

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lockstep-dev/lockstep/git"
)

func TestTheRootIsAProperFileSystem(t *testing.T) {
	work := newRepo(t)
	names := []string{"top/a.yaml", "top/a/b.yaml", "top/a-b.yaml", "top/a.d/c.yaml", "top/empty", "top/é ü.yaml", "b.yaml"}
	for _, name := range names {
		work.write(name, strings.TrimSuffix(name, "top/empty"))
	}
	s := fetch(t, open(t, work.dir), work.commit("elsewhere", "x"))
	root := rootOf(t, s)
	if err := fstest.TestFS(root, append(names, "elsewhere")...); err != nil {
		t.Error(err)
	}
	if err := root.Err(); err != nil {
		t.Error(err)
	}
	files, err := s.Files(".")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := listing(t, root), listing(t, files); got != want {
		t.Errorf("root holds\n%s, files hold\n%s", got, want)
	}
}

func rootOf(t testing.TB, s git.Snapshot) *git.Root {
	root := s.Root()
	t.Cleanup(func() {
		if err := root.Close(); err != nil {
			t.Error(err)
		}
	})
	return root
}

// listing is all that a file system holds.
func listing(t testing.TB, files fs.FS) string {
	t.Helper()
	var all strings.Builder
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, name)
		info, infoErr := entry.Info()
		fmt.Fprintf(&all, "%s %v %q\n", name, info, text)
		return errors.Join(err, infoErr)
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}

func TestWhatDoesNotExistIsSaidSoAndOnRecord(t *testing.T) {
	work := newRepo(t)
	root := rootOf(t, fetch(t, open(t, work.dir), work.commit("apps/web/a.yaml", "a: 1\n")))
	for path, nearest := range map[string]string{
		"apps/wbe/x": `"apps"`, "apps/web/a.yaml/x": `"apps/web"`, "other": `"."`,
	} {
		_, err := root.Open(path)
		if !errors.Is(err, fs.ErrNotExist) || !errors.Is(err, git.ErrPathNotFound) || !strings.Contains(err.Error(), nearest) {
			t.Errorf("open %s: %v", path, err)
		}
		if hash, noted := root.Trace()[path]; hash != "" || !noted {
			t.Errorf("%s is on record as %q, %t", path, hash, noted)
		}
	}
	if err := root.Err(); err != nil {
		t.Errorf("remembers %v", err)
	}
}

func TestTheTraceIsWhatWasLookedAt(t *testing.T) {
	work := newRepo(t)
	work.write("base/a.yaml", "a: 1\n")
	work.write("apps/web/a.yaml", "a: 2\n")
	work.write("apps/web/deep/b.yaml", "b: 1\n")
	hash := work.commit("apps/db/c.yaml", "c: 1\n")
	root := rootOf(t, fetch(t, open(t, work.dir), hash))
	if len(root.Trace()) != 0 {
		t.Errorf("before a read: %v", root.Trace())
	}
	listing(t, must(fs.Sub(root, "apps/web")))
	if _, err := root.ReadFile("base/a.yaml"); err != nil {
		t.Error(err)
	}
	if _, err := root.Stat("apps/kustomization.yaml"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	want := map[string]string{
		"apps/web":                work.run("rev-parse", hash+":apps/web"),
		"base/a.yaml":             work.run("rev-parse", hash+":base/a.yaml"),
		"apps/kustomization.yaml": "",
	}
	if got := root.Trace(); !maps.Equal(got, want) {
		t.Errorf("trace %v, want %v", got, want)
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestTheRootRefusesWhatFilesRefuse(t *testing.T) {
	work := newRepo(t)
	for _, dir := range []string{"link", "fine"} {
		work.write(dir+"/a.yaml", "a: 1\n")
	}
	if err := os.Symlink("/etc/passwd", filepath.Join(work.dir, "link", "passwd")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("fine", filepath.Join(work.dir, "alias")); err != nil {
		t.Fatal(err)
	}
	work.write("lfs.yaml", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("0", 64)+"\nsize 12345\n")
	work.write("big.yaml", strings.Repeat("x", git.MaxFileSize+1))
	work.commit("fine/b.yaml", "b: 1\n")
	work.run("update-index", "--add", "--cacheinfo", "160000,"+someHash+",sub/module")
	work.run("commit", "-q", "-m", "submodule")
	s := fetch(t, open(t, work.dir), work.run("rev-parse", "main"))
	for path, want := range map[string]struct {
		kind error
		text string
	}{
		"link":           {git.ErrUnsupported, "link/passwd: a symlink"},
		"link/passwd":    {git.ErrUnsupported, "link/passwd: a symlink"},
		"alias":          {git.ErrUnsupported, "alias: a symlink"},
		"alias/a.yaml":   {git.ErrUnsupported, "alias: a symlink"},
		"alias/nowhere":  {git.ErrUnsupported, "alias: a symlink"},
		"lfs.yaml":       {git.ErrUnsupported, "lfs.yaml: an LFS pointer"},
		"sub":            {git.ErrUnsupported, "sub/module: a submodule"},
		"sub/module":     {git.ErrUnsupported, "sub/module: a submodule"},
		"sub/module/a":   {git.ErrUnsupported, "sub/module: a submodule"},
		"big.yaml":       {git.ErrTooLarge, "big.yaml: 1048577 bytes"},
		deep(101) + "/a": {git.ErrTooLarge, "inside each other"},
		".":              {git.ErrUnsupported, "alias: a symlink"},
	} {
		root := rootOf(t, s)
		_, err := root.Stat(path)
		if !errors.Is(err, want.kind) || errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), want.text) {
			t.Errorf("%s: %v, want %q", path, err, want.text)
		}
		if !errors.Is(root.Err(), want.kind) {
			t.Errorf("%s: remembers %v", path, root.Err())
		}
		if _, err := root.ReadFile("fine/b.yaml"); err != nil {
			t.Errorf("a file elsewhere: %v", err)
		}
	}
	root := rootOf(t, s)
	if text, err := readFile(root, "link/a.yaml"); text != "a: 1\n" || err != nil || root.Err() != nil {
		t.Errorf("a file beside a symlink: %q, %v, %v", text, err, root.Err())
	}
}

func deep(n int) string { return strings.TrimSuffix(strings.Repeat("d/", n), "/") }

func TestTheRootReadsNoMoreThanAPath(t *testing.T) {
	work := newRepo(t)
	for i := range 11 {
		work.write(fmt.Sprintf("many/%d.yaml", i), strings.Repeat(string(rune('a'+i)), git.MaxFileSize))
	}
	root := rootOf(t, fetch(t, open(t, work.dir), work.commit("a", "a")))
	for range 3 { // of the same file, which counts once
		for i := range 10 {
			if _, err := root.ReadFile(fmt.Sprintf("many/%d.yaml", i)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := root.ReadFile("many/10.yaml"); !errors.Is(err, git.ErrTooLarge) || !strings.Contains(err.Error(), "10485760") {
		t.Errorf("one more: %v", err)
	}
	large := newRepo(t)
	hash := large.importFiles(git.MaxPathEntries+1, func(i int) string { return fmt.Sprintf("many/%d/%d.yaml", i%400, i) })
	root = rootOf(t, fetch(t, open(t, large.dir), hash))
	if _, err := root.ReadFile("many/7/7.yaml"); err != nil {
		t.Errorf("a file of a large folder: %v", err)
	}
	err := fs.WalkDir(root, "many", func(_ string, _ fs.DirEntry, err error) error { return err })
	if !errors.Is(err, git.ErrTooLarge) || !errors.Is(root.Err(), git.ErrTooLarge) {
		t.Errorf("a large folder: %v", err)
	}
}

func TestADamagedObjectIsNeverAMissingPath(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("apps/web/a.yaml", "a: 1\n")
	for _, name := range []string{":apps/web", ":apps/web/a.yaml"} {
		s := fetch(t, open(t, work.dir), hash)
		object := work.run("rev-parse", hash+name)
		file := filepath.Join(work.dir, ".git", "objects", object[:2], object[2:])
		if err := os.Rename(file, file+".away"); err != nil {
			t.Fatal(err)
		}
		root := rootOf(t, s)
		_, err := root.ReadFile("apps/web/a.yaml")
		if !errors.Is(err, git.ErrCorrupt) || errors.Is(err, fs.ErrNotExist) || !errors.Is(root.Err(), git.ErrCorrupt) {
			t.Errorf("without %s: %v", name, err)
		}
		if len(root.Trace()) != 0 {
			t.Errorf("without %s: traced %v", name, root.Trace())
		}
		if _, err := s.Hashes([]string{"apps/web/b.yaml"}); (name == ":apps/web") != errors.Is(err, git.ErrCorrupt) {
			t.Errorf("without %s: hashes: %v", name, err)
		}
		if err := os.Rename(file+".away", file); err != nil {
			t.Fatal(err)
		}
		if text, err := readFile(root, "apps/web/a.yaml"); text != "a: 1\n" || err != nil {
			t.Errorf("with it back: %q, %v", text, err)
		}
	}
}

func TestTheRootOfTheZeroSnapshotHoldsNothing(t *testing.T) {
	root := rootOf(t, git.Snapshot{})
	if _, err := root.Open("."); !errors.Is(err, git.ErrNoCommits) || !errors.Is(root.Err(), git.ErrNoCommits) {
		t.Errorf("open: %v", err)
	}
}

// TestEqualTracesReadTheSame compares what one and the same program of reads makes of two commits, for many programs and
// pairs of commits that differ in few places.
func TestEqualTracesReadTheSame(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 14))
	work := newRepo(t)
	r := open(t, work.dir)
	var commits []git.Snapshot
	for range 24 {
		mutate(t, work, random)
		commits = append(commits, fetch(t, r, work.Commit("x")))
	}
	equal, different := 0, 0
	for range 4000 {
		first, second := commits[random.IntN(len(commits))], commits[random.IntN(len(commits))]
		seed := random.Uint64()
		root := first.Root()
		read := program(root, seed)
		trace := root.Trace()
		hashes := must(second.Hashes(keys(trace)))
		if root.Err() != nil || !maps.Equal(hashes, trace) {
			different++
			continue
		}
		equal++
		other := second.Root()
		if again := program(other, seed); again != read {
			t.Fatalf("%s and %s read\n%s\nand\n%s\nby the trace %v", first.Revision, second.Revision, read, again, trace)
		}
		if !maps.Equal(other.Trace(), trace) || other.Err() != nil {
			t.Fatalf("traces %v and %v, %v", trace, other.Trace(), other.Err())
		}
	}
	if equal < 400 || different < 400 {
		t.Errorf("%d programs with equal traces, %d with others: that proves little", equal, different)
	}
}

func keys(m map[string]string) []string {
	all := make([]string, 0, len(m))
	for name := range m {
		all = append(all, name)
	}
	return all
}

// places are all paths that mutate changes and program reads: some are folders in one commit and files in another.
var places = []string{"a", "a/a", "a/b", "a/b/c", "a/b/d", "b", "b/a", "b/b/c", "c"}

// mutate changes one or two places of the work tree.
func mutate(t *testing.T, work repo, random *rand.Rand) {
	t.Helper()
	for range 1 + random.IntN(2) {
		place := filepath.Join(work.dir, places[random.IntN(len(places))])
		for dir := filepath.Dir(place); len(dir) > len(work.dir); dir = filepath.Dir(dir) {
			if info, err := os.Lstat(dir); err == nil && !info.IsDir() {
				if err := os.Remove(dir); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := errors.Join(os.RemoveAll(place), os.MkdirAll(filepath.Dir(place), 0o755)); err != nil {
			t.Fatal(err)
		}
		text := fmt.Sprint(random.IntN(2))
		var err error
		switch random.IntN(6) {
		case 0: // stays away
		case 1:
			err = os.Symlink(text, place)
		case 2:
			err = os.WriteFile(place, []byte(text), 0o755)
		default:
			err = os.WriteFile(place, []byte(text), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// program reads here and there, and returns what it saw.
func program(root *git.Root, seed uint64) string {
	random := rand.New(rand.NewPCG(seed, 0))
	var saw strings.Builder
	note := func(op, place string, value any, err error) {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			value = "nothing" // which the error's text finds nearest may differ
		case errors.Is(err, fs.ErrInvalid):
			value = err
		case err != nil:
			value = "refused"
		}
		fmt.Fprintf(&saw, "%s %s: %v\n", op, place, value)
	}
	for range 1 + random.IntN(4) {
		place := places[random.IntN(len(places))]
		switch random.IntN(4) {
		case 0:
			text, err := root.ReadFile(place)
			note("read", place, string(text), err)
		case 1:
			entries, err := root.ReadDir(place)
			note("list", place, entries, err)
		case 2:
			info, err := root.Stat(place)
			if err == nil {
				note("stat", place, []any{info.IsDir(), info.Size(), info.Mode()}, nil)
			} else {
				note("stat", place, nil, err)
			}
		default:
			var all []string
			err := fs.WalkDir(root, place, func(name string, _ fs.DirEntry, err error) error {
				all = append(all, name)
				return err
			})
			note("walk", place, all, err)
		}
	}
	return saw.String()
}
