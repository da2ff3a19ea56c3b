package git_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestASnapshotKnowsWhenTheBranchMovedThere(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("a.yaml", "a: 1\n")
	moved := time.Date(2026, 1, 2, 3, 4, 5, 678, time.UTC)
	if err := os.Chtimes(filepath.Join(work.dir, ".git", "refs", "heads", "main"), moved, moved); err != nil {
		t.Fatal(err)
	}
	if s := fetch(t, open(t, work.dir), hash); !s.Moved.Equal(moved) {
		t.Errorf("moved at %s, want %s", s.Moved, moved)
	}
	work.run("pack-refs", "--all")
	if s := fetch(t, open(t, work.dir), hash); !s.Moved.IsZero() {
		t.Errorf("a packed ref has no time of its own, but moved at %s", s.Moved)
	}
}
