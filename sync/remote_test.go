package sync_test

import (
	"os"
	"testing"

	"github.com/lockstep-dev/lockstep/git/gittest"
)

func newBare(t testing.TB) *gittest.Repo {
	t.Helper()
	return gittest.New(t, "--bare")
}

// hide takes the repository away from its server, which answers 404 or 500 from then on.
func hide(t testing.TB, r *gittest.Repo) {
	t.Helper()
	if err := os.Rename(r.Dir, r.Dir+".hidden"); err != nil {
		t.Fatal(err)
	}
}

// unhide gives it back.
func unhide(t testing.TB, r *gittest.Repo) {
	t.Helper()
	if err := os.Rename(r.Dir+".hidden", r.Dir); err != nil {
		t.Fatal(err)
	}
}
