package git_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// similar has the repository hold two files of 33 MiB, one of which the server keeps as a difference to the other.
func (s server) similar() {
	s.t.Helper()
	text := strings.Repeat("x", 33<<20)
	s.write("big/a.bin", text)
	s.write("big/b.bin", text+"more\n")
}

// TestLargeFilesThatAreAlikeAreInNobodysWayElsewhere has a server that sends no parts, so that they come along.
func TestLargeFilesThatAreAlikeAreInNobodysWayElsewhere(t *testing.T) {
	t.Parallel()
	s, dir := newServer(t), t.TempDir()
	s.similar()
	hash := s.push("apps/a.yaml", "a: 1\n")
	s.bare.run("repack", "-adfq")
	for range 2 { // and with a copy that is there
		r, err := git.Open(git.Options{URL: s.url, Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		snapshot := fetch(t, r, hash)
		if got := content(t, snapshot, "apps", "a.yaml"); got != "a: 1\n" {
			t.Errorf("a.yaml = %q", got)
		}
		_, err = snapshot.Files("big")
		if !errors.Is(err, git.ErrTooLarge) || !strings.Contains(err.Error(), "big/a.bin: ") && !strings.Contains(err.Error(), "big/b.bin: ") {
			t.Errorf("files: %v", err)
		}
		fetch(t, r, hash)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fetches := len(packs(t, dir))
	second := s.push("apps/a.yaml", "a: 2\n")
	fetch(t, openWith(t, git.Options{URL: s.url, Dir: dir}), second)
	if got := len(packs(t, dir)); got != fetches+1 {
		t.Errorf("%d packs, want one more than %d", got, fetches)
	}
}

// TestLargeFilesThatAreAlikeAreFetchedByThemselves where the server sends parts, so that they are told by their size.
func TestLargeFilesThatAreAlikeAreFetchedByThemselves(t *testing.T) {
	t.Parallel()
	s := newPartsServer(t)
	s.similar()
	hash := s.push("apps/a.yaml", "a: 1\n")
	s.bare.run("repack", "-adfq")
	for _, folder := range []string{"apps", "big"} {
		_, err := fetch(t, s.expecting(folder), hash).Files("big")
		if !errors.Is(err, git.ErrTooLarge) || !strings.Contains(err.Error(), "big/a.bin: 34603008 bytes") {
			t.Errorf("files: %v", err)
		}
	}
}
