package git_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// TestTwoHundredFetchesTakeNoMoreDiskThanTwenty moves the branch of a server 200 times. What is on the disk is at most a copy
// that is full, of 20 packs, and a new one beside it: as much after 1,000 fetches as after 40.
func TestTwoHundredFetchesTakeNoMoreDiskThanTwenty(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	const rounds = 200
	var stream strings.Builder
	for i := range rounds {
		text := noise(20 << 10) // so that each fetch brings about 10 KiB
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter Ben <b@example.com> %d +0000\ndata 1\nx\n", i+1)
		fmt.Fprintf(&stream, "M 100644 inline apps/a.yaml\ndata %d\n%s\n", len(text), text)
	}
	s.bare.fastImport(stream.String())
	hashes := strings.Fields(s.bare.run("rev-list", "--reverse", "main"))
	s.bare.run("update-ref", "refs/heads/all", "main")
	r := openWith(t, git.Options{URL: s.url, Dir: cache})
	var most int64
	first := fetch(t, r, hashes[rounds-1])
	want := content(t, first, "apps", "a.yaml")
	for i, hash := range hashes {
		s.bare.write("refs/heads/main", hash+"\n")
		fetch(t, r, hash)
		if i%20 == 10 {
			eventually(t, func() bool { return len(packs(t, cache)) <= 2*20 })
			most = max(most, disk(t, cache))
		}
	}
	if content(t, first, "apps", "a.yaml") != want {
		t.Error("the first snapshot reads something else")
	}
	first = git.Snapshot{}
	eventually(t, func() bool {
		copies, err := filepath.Glob(filepath.Join(cache, "*", "copy-*"))
		return err == nil && len(copies) == 1
	})
	if most > 40*(20<<10) {
		t.Errorf("%d bytes were on the disk", most)
	}
	t.Logf("at most %d KiB on the disk, of %d KiB that were fetched", most>>10, rounds*10)
	if left := found(t, cache, "tmp_pack_"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// disk returns how many bytes the files below dir hold.
func disk(t *testing.T, dir string) int64 {
	t.Helper()
	var sum int64
	for _, ext := range []string{".pack", ".idx"} {
		for _, name := range found(t, dir, ext) {
			sum += size(t, name)
		}
	}
	return sum
}

func TestAFolderAmongAHundredThousandFilesCostsWhatItCosts(t *testing.T) {
	cost := func(files int) (uint64, string) {
		s := newServer(t)
		hash := s.importFiles(files, func(i int) string { return fmt.Sprintf("apps/%03d/%d.yaml", i%1000, i) })
		s.run("push", "-q", "origin", "main")
		snapshot := fetch(t, open(t, s.url), hash)
		before := allocated()
		read, err := snapshot.Files("apps/007")
		if err != nil {
			t.Fatal(err)
		}
		text, err := readFile(read, "7.yaml")
		if err != nil {
			t.Fatal(err)
		}
		return allocated() - before, text
	}
	few, text := cost(100 * 10) // the same 1,000 folders, of one file each
	many, same := cost(100_000) // of 100 files each
	if text != same {
		t.Errorf("reads %q and %q", text, same)
	}
	t.Logf("a folder of 1 file of 1,000 takes %d KiB, one of 100 files of 100,000 %d KiB", few>>10, many>>10)
	if many > few+(1<<20) {
		t.Errorf("%d bytes were allocated, and %d for a folder of one file", many, few)
	}
}
