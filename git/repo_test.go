package git_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/lockstep-dev/lockstep/git"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// repo is a repository that the real git program keeps.
type repo struct {
	t   testing.TB
	dir string
}

// newRepo makes an empty repository with the branch main.
func newRepo(t testing.TB, flags ...string) repo {
	t.Helper()
	r := repo{t, t.TempDir()}
	r.run(append([]string{"init", "-q", "-b", "main"}, flags...)...)
	return r
}

// run runs git in the repository and returns what it printed.
func (r repo) run(args ...string) string {
	r.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = r.dir
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Ada", "GIT_AUTHOR_EMAIL=ada@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=Ben", "GIT_COMMITTER_EMAIL=ben@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:06Z",
	)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// write puts content into a file of the work tree.
func (r repo) write(name, content string) {
	r.t.Helper()
	name = filepath.Join(r.dir, name)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		r.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
		r.t.Fatal(err)
	}
}

// commit writes one file, commits everything, and returns the hash.
func (r repo) commit(name, content string) string {
	r.t.Helper()
	r.write(name, content)
	r.run("add", "-A")
	r.run("commit", "-q", "--allow-empty", "-m", "Change "+name)
	return r.run("rev-parse", "HEAD")
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
