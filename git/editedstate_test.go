package git

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestAWorkTreeOfTooManyFilesIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = root.Close() }()
	for counted, want := range map[int]error{MaxPathEntries - 1: nil, MaxPathEntries: ErrTooLarge} {
		s := &state{trees: map[plumbing.Hash][]byte{}, files: map[plumbing.Hash][]string{}, stamps: map[string]stamp{}}
		if _, err := s.folder(root, ".", &counted); !errors.Is(err, want) {
			t.Errorf("as number %d: %v", counted, err)
		}
	}
}

func TestAFileIsHashedAgainUnlessItMustBeWhatItWas(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(name, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	for after, want := range map[time.Duration]bool{-time.Hour: false, 0: false, coarse: false, coarse + 1: true, time.Hour: true} {
		if got := (stamp{info: info, at: info.ModTime().Add(after)}).holds(info); got != want {
			t.Errorf("hashed %s after it was changed, it holds: %t", after, got)
		}
	}
	if err := os.WriteFile(name, []byte("longer"), 0o600); err != nil {
		t.Fatal(err)
	}
	longer, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if (stamp{info: info, at: info.ModTime().Add(time.Hour)}).holds(longer) || (stamp{}).holds(longer) {
		t.Error("another file is taken for it")
	}
}
