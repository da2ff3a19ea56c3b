package git_test

import (
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// repo is a repository that the real git program keeps.
type repo struct {
	*gittest.Repo
	t   testing.TB
	dir string
}

// newRepo makes an empty repository with the branch main.
func newRepo(t testing.TB, flags ...string) repo {
	t.Helper()
	return at(t, gittest.New(t, flags...).Dir)
}

func at(t testing.TB, dir string) repo { return repo{gittest.At(t, dir), t, dir} }

func (r repo) run(args ...string) string  { r.t.Helper(); return r.Git(args...) }
func (r repo) write(name, content string) { r.t.Helper(); r.Write(name, content) }

// commit writes one file, commits everything, and returns the hash.
func (r repo) commit(name, content string) string {
	r.t.Helper()
	r.write(name, content)
	return r.Commit("Change " + name)
}

// open opens the branch main of url with a cache of its own.
func open(t testing.TB, url string) *git.Repository {
	t.Helper()
	return openWith(t, git.Options{URL: url, Dir: t.TempDir()})
}

func openWith(t testing.TB, o git.Options) *git.Repository {
	t.Helper()
	r, err := git.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// fetch fetches and wants the commit with the hash.
func fetch(t testing.TB, r *git.Repository, hash string) git.Snapshot {
	t.Helper()
	s, err := r.Fetch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if s.Revision.Hash != hash {
		t.Fatalf("fetched %s, want %s", s.Revision.Hash, hash)
	}
	return s
}

// content returns what one file below folder holds in the snapshot.
func content(t testing.TB, s git.Snapshot, folder, name string) string {
	t.Helper()
	files, err := s.Files(folder)
	if err != nil {
		t.Fatal(err)
	}
	text, err := readFile(files, name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// stopwatch adds up what takes time.
type stopwatch struct {
	total time.Duration
	n     int
}

func (s *stopwatch) time(do func()) {
	start := time.Now()
	do()
	s.total += time.Since(start)
	s.n++
}

// mean returns the mean in milliseconds.
func (s *stopwatch) mean() float64 { return s.total.Seconds() * 1000 / float64(s.n) }
