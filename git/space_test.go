package git_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func TestCopiesTakeNoMoreSpaceThanTheyMayTogether(t *testing.T) {
	cache := t.TempDir()
	space := git.NewSpace(cache, 400<<10)
	one, two := newServer(t), newServer(t)
	hash := one.push("a.yaml", "a: "+noise(400<<10)+"\n") // about 200 KiB, packed
	first := openWith(t, git.Options{URL: one.url, Dir: cache, Space: space})
	good := fetch(t, first, hash)

	hash = two.push("b.yaml", "b: "+noise(600<<10)+"\n")
	second := openWith(t, git.Options{URL: two.url, Dir: cache, Space: space})
	for range 3 {
		_, err := second.Fetch(t.Context())
		if !errors.Is(err, git.ErrCache) || !strings.Contains(err.Error(), "MiB that they may") {
			t.Fatalf("fetch: %v", err)
		}
		if left := append(found(t, cache, "tmp_pack_"), found(t, cache, "fresh-")...); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	if got := content(t, good, ".", "a.yaml"); len(got) < 400<<10 {
		t.Errorf("a.yaml has %d bytes", len(got))
	}
	copies, _ := filepath.Glob(filepath.Join(cache, "*", "copy-*"))
	for _, dir := range copies {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	fetch(t, second, hash)
}

func TestACopyThatNoOtherFitsBesideTakesWhatIsNew(t *testing.T) {
	cache, s := t.TempDir(), newServer(t)
	s.push("large.bin", noise(800<<10))
	r := openWith(t, git.Options{URL: s.url, Dir: cache, Space: git.NewSpace(cache, 700<<10)})
	for i := range 50 { // more than the packs of a copy after which there is another, twice
		fetch(t, r, s.push("a.yaml", "a: "+strings.Repeat("1", i)+"\n"))
	}
	if copies, err := filepath.Glob(filepath.Join(cache, "*", "copy-*")); err != nil || len(copies) != 1 {
		t.Errorf("copies %v: %v", copies, err)
	}
}

func TestADamagedCopyThatNoOtherFitsBesideHeals(t *testing.T) {
	cache, s := t.TempDir(), newServer(t)
	hash := s.push("large.bin", noise(800<<10))
	r := openWith(t, git.Options{URL: s.url, Dir: cache, Space: git.NewSpace(cache, 700<<10)})
	snapshot := fetch(t, r, hash)
	for _, pack := range packs(t, cache) {
		file, err := os.OpenFile(pack, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := file.WriteAt(make([]byte, 100<<10), 20); err != nil {
			t.Fatal(err)
		}
		if err := file.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := snapshot.Files("."); !errors.Is(err, git.ErrCorrupt) {
		t.Fatalf("files: %v", err)
	}
	if got := content(t, fetch(t, r, hash), ".", "large.bin"); len(got) != 800<<10 {
		t.Errorf("large.bin has %d bytes", len(got))
	}
}
