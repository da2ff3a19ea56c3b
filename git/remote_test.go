package git_test

import (
	"errors"
	"net/http"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// server is a bare repository behind the real git http-backend, and a clone that pushes to it.
type server struct {
	repo
	bare    repo
	handler http.Handler
	url     string
}

func newServer(t testing.TB, flags ...string) server {
	t.Helper()
	bare := newRepo(t, append(flags, "--bare")...)
	work := newRepo(t, flags...)
	work.run("remote", "add", "origin", bare.dir)
	return server{repo: work, bare: bare, handler: bare.Backend(), url: bare.Serve()}
}

// push commits one file, pushes it, and returns the hash.
func (s server) push(name, text string) string {
	s.t.Helper()
	hash := s.commit(name, text)
	s.run("push", "-q", "--force", "origin", "main")
	return hash
}

func TestAPushToARemoteIsSeen(t *testing.T) {
	s := newServer(t)
	hash := s.push("manifests/a.yaml", "a: 1\n")
	r := open(t, s.url)
	first := fetch(t, r, hash)
	fetch(t, r, hash)
	hash = s.push("manifests/b.yaml", "b: 1\n")
	second := fetch(t, r, hash)
	if got := content(t, second, "manifests", "a.yaml") + content(t, second, "manifests", "b.yaml"); got != "a: 1\nb: 1\n" {
		t.Errorf("files hold %q", got)
	}
	s.run("reset", "-q", "--hard", "HEAD^")
	hash = s.push("manifests/c.yaml", "c: 1\n")
	third := fetch(t, r, hash)
	if got := content(t, third, "manifests", "c.yaml"); got != "c: 1\n" {
		t.Errorf("c.yaml = %q", got)
	}
	if got := content(t, first, "manifests", "a.yaml"); got != "a: 1\n" {
		t.Errorf("first snapshot: %q", got)
	}
}

func TestAnEmptyRemoteHasNoCommits(t *testing.T) {
	s := newServer(t)
	r := open(t, s.url)
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNoCommits) {
		t.Fatalf("fetch: %v", err)
	}
	fetch(t, r, s.push("a.yaml", "a: 1\n"))
}

func TestManyFetchesAtOnce(t *testing.T) {
	s := newServer(t)
	hash := s.push("a.yaml", "a: 1\n")
	r := open(t, s.url)
	var group stdsync.WaitGroup
	for range 4 {
		group.Go(func() {
			got, err := r.Fetch(t.Context())
			if err != nil || got.Revision.Hash != hash {
				t.Errorf("fetched %v, %v", got.Revision, err)
			}
		})
	}
	group.Wait()
}

func TestABranchThatIsDeletedIsToldAndComesBack(t *testing.T) {
	s := newServer(t)
	hash := s.push("a.yaml", "a: 1\n")
	s.run("push", "-q", "origin", "main:other")
	s.bare.run("symbolic-ref", "HEAD", "refs/heads/other")
	r := open(t, s.url)
	snapshot := fetch(t, r, hash)
	s.run("push", "-q", "--delete", "origin", "main")
	_, err := r.Fetch(t.Context())
	if !errors.Is(err, git.ErrBranchNotFound) || !strings.Contains(err.Error(), "there is other") {
		t.Errorf("fetch: %v", err)
	}
	if got := content(t, snapshot, ".", "a.yaml"); got != "a: 1\n" {
		t.Errorf("the last snapshot reads %q", got)
	}
	fetch(t, r, s.push("a.yaml", "a: 2\n"))
}

func TestAPathOfTheAddressIsSentAsItIs(t *testing.T) {
	var paths []string
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		paths = append(paths, r.RequestURI)
		w.WriteHeader(http.StatusNotFound)
	})
	_, _ = open(t, url+"/a%20b%3fc%2fd%25.git").Fetch(t.Context())
	if want := "/a.git/a%20b%3fc%2fd%25.git/info/refs?service=git-upload-pack"; len(paths) != 1 || paths[0] != want {
		t.Errorf("asked for %q, want %s", paths, want)
	}
}
