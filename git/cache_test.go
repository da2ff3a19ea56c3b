package git_test

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// packs returns the packs below the cache folder.
func packs(t testing.TB, cache string) []string {
	t.Helper()
	return found(t, cache, ".pack")
}

// found returns the files below dir whose names end so.
func found(t testing.TB, dir, suffix string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if strings.HasSuffix(path, suffix) {
			names = append(names, path)
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil // a folder that is being deleted
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func TestADamagedCopyHeals(t *testing.T) {
	s := newServer(t)
	hash := s.push("apps/a.yaml", "a: 1\n")
	for name, damage := range map[string]func(pack string) error{
		"cut":       func(pack string) error { return os.Truncate(pack, 40) },
		"emptied":   func(pack string) error { return os.Truncate(pack, 0) },
		"deleted":   os.Remove,
		"no index":  func(pack string) error { return os.Remove(strings.TrimSuffix(pack, "pack") + "idx") },
		"cut index": func(pack string) error { return os.Truncate(strings.TrimSuffix(pack, "pack")+"idx", 1100) },
		"flipped": func(pack string) error {
			text, err := os.ReadFile(pack)
			if err != nil {
				return err
			}
			for i := 20; i < len(text); i += 16 {
				text[i] ^= 0x10
			}
			return os.WriteFile(pack, text, 0o600)
		},
		"copy gone":  func(pack string) error { return os.RemoveAll(dirUp(pack, 3)) },
		"cache gone": func(pack string) error { return os.RemoveAll(dirUp(pack, 5)) },
	} {
		t.Run(name, func(t *testing.T) {
			cache := t.TempDir()
			r := openWith(t, git.Options{URL: s.url, Dir: cache})
			snapshot := fetch(t, r, hash)
			for _, pack := range packs(t, cache) {
				if err := damage(pack); err != nil {
					t.Fatal(err)
				}
			}
			if _, err := snapshot.Files("apps"); !errors.Is(err, git.ErrCorrupt) {
				t.Fatalf("files: %v", err)
			}
			if got := content(t, fetch(t, r, hash), "apps", "a.yaml"); got != "a: 1\n" {
				t.Errorf("a.yaml = %q", got)
			}
		})
	}
}

func TestADamagedCopyHealsAfterARestart(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	hash := s.push("apps/a.yaml", "a: 1\n")
	for range 3 {
		r, err := git.Open(git.Options{URL: s.url, Dir: cache})
		if err != nil {
			t.Fatal(err)
		}
		fetch(t, r, hash)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		for _, pack := range packs(t, cache) {
			if err := os.Truncate(pack, 40); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestARestartGoesOnWithTheCopyAndClearsUp(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	hash := s.push("apps/a.yaml", "a: 1\n")
	first, err := git.Open(git.Options{URL: s.url, Dir: cache})
	if err != nil {
		t.Fatal(err)
	}
	snapshot := fetch(t, first, hash)
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	pack := packs(t, cache)[0]
	leftovers := []string{filepath.Join(filepath.Dir(pack), "tmp_pack_123"), filepath.Join(cache, filepath.Base(dirUp(pack, 4)), "fresh-1", "x")}
	for _, name := range leftovers {
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, name)
	}
	second := openWith(t, git.Options{URL: s.url, Dir: cache})
	fetch(t, second, hash)
	if got := packs(t, cache); len(got) != 1 || got[0] != pack {
		t.Errorf("packs are %v, want %s alone", got, pack)
	}
	for _, name := range leftovers {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s is still there", name)
		}
	}
	if got := content(t, snapshot, "apps", "a.yaml"); got != "a: 1\n" {
		t.Errorf("a snapshot of a closed repository reads %q", got)
	}
}

func dirUp(name string, n int) string {
	for range n {
		name = filepath.Dir(name)
	}
	return name
}

func write(t testing.TB, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestTheDiskStaysBoundedAndSnapshotsInUseStayReadable(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	r := openWith(t, git.Options{URL: s.url, Dir: cache})
	const rounds = 45
	var kept []git.Snapshot
	for i := range rounds {
		snapshot := fetch(t, r, s.push("apps/a.yaml", fmt.Sprintf("a: %d\n", i)))
		if i%9 == 0 {
			kept = append(kept, snapshot)
		}
	}
	for i, snapshot := range kept {
		if got, want := content(t, snapshot, "apps", "a.yaml"), fmt.Sprintf("a: %d\n", 9*i); got != want {
			t.Errorf("snapshot %d reads %q, want %q", i, got, want)
		}
	}
	clear(kept)
	eventually(t, func() bool { return len(packs(t, cache)) <= 20 })
	if left := found(t, cache, "tmp_pack_"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestTwoRepositoriesShareACacheFolder(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	hash := s.push("a.yaml", "a: 1\n")
	s.run("push", "-q", "origin", "main:other")
	for _, branch := range []string{"main", "main", "other"} {
		fetch(t, openWith(t, git.Options{URL: s.url, Dir: cache, Branch: branch}), hash)
	}
}

func TestAPartIsFetchedWithoutWhatIsThereAndGitCanReadIt(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	for i := range 200 {
		sum := sha256.Sum256([]byte{byte(i)})
		s.write(fmt.Sprintf("apps/%d.yaml", i), strings.Repeat(hex.EncodeToString(sum[:]), 2))
	}
	r := openWith(t, git.Options{URL: s.url, Dir: cache})
	fetch(t, r, s.push("apps/a.yaml", "a: 1\n"))
	whole := size(t, packs(t, cache)[0])
	hash := s.push("apps/a.yaml", "a: 2\n")
	fetch(t, r, hash)
	all := packs(t, cache)
	if len(all) != 2 || size(t, all[0])+size(t, all[1])-whole > whole/2 {
		t.Errorf("packs are of %d and %d bytes, the first of %d", size(t, all[0]), size(t, all[1]), whole)
	}
	copied := at(t, dirUp(all[0], 3))
	copied.run("verify-pack", all[0], all[1])
	copied.run("fsck", "--strict", hash)
	if got := copied.run("show", hash+":apps/a.yaml"); got != "a: 2" {
		t.Errorf("git reads %q", got)
	}
}

func size(t testing.TB, name string) int64 {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func TestACacheThatCannotBeWrittenSaysSo(t *testing.T) {
	s := newServer(t)
	s.push("a.yaml", "a: 1\n")
	file := filepath.Join(t.TempDir(), "file")
	write(t, file)
	_, err := openWith(t, git.Options{URL: s.url, Dir: filepath.Join(file, "cache")}).Fetch(t.Context())
	if !errors.Is(err, git.ErrCache) || !strings.Contains(err.Error(), "local copy") {
		t.Errorf("fetch: %v", err)
	}
}
