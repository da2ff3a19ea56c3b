package git_test

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// smallDisk mounts a disk of 2 MiB.
func smallDisk(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=2m"); err != nil {
		t.Skipf("a disk that can be filled is not to be had: mounting a tmpfs needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// freeze lays a read-only view of the folder over it. What is open there stays open for writing.
func freeze(t *testing.T, dir string) {
	t.Helper()
	if err := syscall.Mount(dir, dir, "", syscall.MS_BIND, ""); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("", dir, "", syscall.MS_BIND|syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
}

// noise is text that cannot be packed to much less.
func noise(n int) string {
	text := make([]byte, n/2)
	_, _ = rand.Read(text)
	return hex.EncodeToString(text)
}

func TestADiskThatIsFullOrReadOnlyKeepsWhatIsThereAndHeals(t *testing.T) {
	dir := smallDisk(t)
	s := newServer(t)
	r := openWith(t, git.Options{URL: s.url, Dir: dir})
	hash := s.push("a.yaml", "a: 1\n")
	good := fetch(t, r, hash)
	filler := filepath.Join(dir, "filler")
	for name, c := range map[string]struct {
		ail, heal func()
		says      string
	}{
		"full": {
			func() { fill(t, filler) },
			func() { _ = os.Remove(filler) },
			"no space left",
		},
		"read-only": {func() { freeze(t, dir) }, func() { _ = syscall.Unmount(dir, 0) }, "read-only"},
	} {
		t.Run(name, func(t *testing.T) {
			c.ail()
			hash := s.push("b.yaml", "b: "+noise(200<<10)+"\n")
			for range 5 { // more often than parts are asked for
				_, err := r.Fetch(t.Context())
				if !errors.Is(err, git.ErrCache) || !strings.Contains(err.Error(), "local copy cannot be written") || !strings.Contains(err.Error(), c.says) {
					t.Fatalf("fetch: %v", err)
				}
				if got := content(t, good, ".", "a.yaml"); got != "a: 1\n" {
					t.Errorf("a.yaml = %q", got)
				}
			}
			c.heal()
			fetch(t, r, hash)
			if left := append(found(t, dir, "tmp_pack_"), found(t, dir, ".new")...); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// fill writes to the file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for err == nil {
		_, err = f.Write(make([]byte, 4<<10))
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
}
