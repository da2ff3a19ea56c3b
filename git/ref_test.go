package git_test

import (
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// onBoth runs a test with a repository that is read as a folder, and with one that is pushed to a server.
func onBoth(t *testing.T, test func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository)) {
	t.Run("folder", func(t *testing.T) {
		work := newRepo(t)
		test(t, work, func() {}, func(ref git.Ref) *git.Repository { return openWith(t, git.Options{URL: work.dir, Ref: ref}) })
	})
	t.Run("remote", func(t *testing.T) {
		s := newServer(t)
		share := func() { s.run("push", "-q", "--mirror", "origin") }
		test(t, s.repo, share, func(ref git.Ref) *git.Repository {
			return openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Ref: ref})
		})
	})
}

func TestATagIsFollowedWhereverItIsMoved(t *testing.T) {
	onBoth(t, func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository) {
		first := work.commit("a.yaml", "a: 1\n")
		work.run("tag", "light")
		work.run("tag", "-a", "-m", "one", "release/annotated")
		work.run("tag", "-a", "-m", "two", "outer", "release/annotated")
		share()
		for _, name := range []string{"light", "release/annotated", "outer"} {
			r := open(git.Ref{Tag: name})
			s := fetch(t, r, first)
			if got := s.Revision.String(); got != name+"@sha1:"+first[:7] {
				t.Errorf("revision prints as %s", got)
			}
			second := work.commit("a.yaml", "a: 2 # "+name+"\n")
			work.run("tag", "-f", "-a", "-m", "moved", name)
			share()
			if got := content(t, fetch(t, r, second), ".", "a.yaml"); got != "a: 2 # "+name+"\n" {
				t.Errorf("a.yaml = %q", got)
			}
			work.run("tag", "-d", name)
			share()
			_, err := r.Fetch(t.Context())
			if !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), `tag "`+name+`" not found, it was deleted`) {
				t.Errorf("fetch: %v", err)
			}
			if got := content(t, s, ".", "a.yaml"); got != "a: 1\n" {
				t.Errorf("the first snapshot reads %q", got)
			}
			work.run("reset", "-q", "--hard", first)
		}
	})
}

func TestTheHighestVersionInTheRangeIsFollowed(t *testing.T) {
	onBoth(t, func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository) {
		hashes := map[string]string{}
		tag := func(names ...string) {
			hash := work.commit("a.yaml", strings.Join(names, " ")+"\n")
			for _, name := range names {
				work.run("tag", "-a", "-m", name, name)
				hashes[name] = hash
			}
			share()
		}
		tag("v1.9.0", "v1.10.0-rc.1", "2.0.0", "v1", "v1.99", "latest", "v01.9.1", "release-1.9.9")
		ranges := map[string]*git.Repository{}
		want := func(text, name string) {
			t.Helper()
			if ranges[text] == nil {
				ranges[text] = open(git.Ref{SemVer: text})
			}
			if s := fetch(t, ranges[text], hashes[name]); s.Revision.Ref != name {
				t.Errorf("%s is %s, want %s", text, s.Revision, name)
			}
		}
		want(">=1.2 <2", "v1.9.0")
		want(">=1.2-0 <2-0", "v1.10.0-rc.1")
		want("*", "2.0.0")
		want("2.0.0", "2.0.0")
		tag("v1.10.0", "v3.0.0-alpha.1")
		want(">=1.2 <2", "v1.10.0")
		want(">=1.2-0 <2-0", "v1.10.0")
		want("*", "2.0.0")
		want(">=3.0.0-0", "v3.0.0-alpha.1")
		work.run("tag", "-a", "-m", "same commit", "v1.10.1", "v1.10.0^{}")
		hashes["v1.10.1"] = hashes["v1.10.0"]
		share()
		want("~1.10", "v1.10.1")
		work.run("pack-refs", "--all")
		tag("v2.0.0")
		want("2.0.0", "v2.0.0")
		_, err := open(git.Ref{SemVer: "^7"}).Fetch(t.Context())
		if !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), `no tag is a version in the range "^7": there is v3.0.0-alpha.1, 2.0.0, v2.0.0, v1.10.1`) {
			t.Errorf("fetch: %v", err)
		}
	})
}

func TestAnyRefIsFollowedByItsWholeName(t *testing.T) {
	onBoth(t, func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository) {
		hash := work.commit("a.yaml", "a: 1\n")
		work.run("update-ref", "refs/pull/420/head", hash)
		work.run("update-ref", "refs/pull/42/head", work.commit("a.yaml", "a: 42\n"))
		share()
		r := open(git.Ref{Name: "refs/pull/420/head"})
		if s := fetch(t, r, hash); s.Revision.Ref != "refs/pull/420/head" {
			t.Errorf("revision is %s", s.Revision)
		}
		work.run("update-ref", "-d", "refs/pull/420/head")
		share()
		if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), "deleted") {
			t.Errorf("fetch: %v", err)
		}
		fetch(t, open(git.Ref{Name: "refs/heads/main"}), work.run("rev-parse", "main"))
	})
}

func TestACommitIsReadThoughItIsNobodysHead(t *testing.T) {
	work := newRepo(t)
	old := work.commit("a.yaml", "a: 1\n")
	work.commit("a.yaml", "a: 2\n")
	r := openWith(t, git.Options{URL: work.dir, Ref: git.Ref{Commit: old}})
	if s := fetch(t, r, old); s.Revision.String() != "sha1:"+old[:7] || content(t, s, ".", "a.yaml") != "a: 1\n" {
		t.Errorf("revision is %s", s.Revision)
	}
	fetch(t, r, old)
	_, err := openWith(t, git.Options{URL: work.dir, Ref: git.Ref{Commit: someHash}}).Fetch(t.Context())
	if !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), "commit "+someHash) {
		t.Errorf("fetch: %v", err)
	}
}

func TestACommitThatIsAHeadIsReadFromEverywhere(t *testing.T) {
	onBoth(t, func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository) {
		head := work.commit("a.yaml", "a: 2\n")
		share()
		fetch(t, open(git.Ref{Commit: strings.ToUpper(head)}), head)
		if _, err := open(git.Ref{Commit: someHash}).Fetch(t.Context()); !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), "commit "+someHash) {
			t.Errorf("fetch: %v", err)
		}
	})
}

func TestACommitOfAServerIsReadWhereTheServerGivesIt(t *testing.T) {
	s, cache := newServer(t), t.TempDir()
	old := s.push("a.yaml", "a: 1\n")
	s.push("a.yaml", "a: 2\n")
	o := git.Options{URL: s.url, Dir: cache, Ref: git.Ref{Commit: old}}
	r, err := git.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	_, err = r.Fetch(t.Context())
	if !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), "uploadpack.allowReachableSHA1InWant") {
		t.Errorf("fetch: %v", err)
	}
	s.bare.run("config", "uploadpack.allowReachableSHA1InWant", "true")
	if got := content(t, fetch(t, r, old), ".", "a.yaml"); got != "a: 1\n" {
		t.Errorf("a.yaml = %q", got)
	}
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	_, err = openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Ref: git.Ref{Commit: someHash}}).Fetch(t.Context())
	if !errors.Is(err, git.ErrRefNotFound) || !strings.Contains(err.Error(), "not found") {
		t.Errorf("fetch: %v", err)
	}
	s.bare.run("config", "uploadpack.allowReachableSHA1InWant", "false")
	fetch(t, openWith(t, o), old) // is here
}

func TestATagOfSomethingElseIsRefused(t *testing.T) {
	onBoth(t, func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository) {
		work.commit("a.yaml", "a: 1\n")
		work.run("tag", "-a", "-m", "a tree", "tree", "main^{tree}")
		work.run("tag", "blob", "main:a.yaml")
		share()
		for _, name := range []string{"tree", "blob"} {
			if _, err := open(git.Ref{Tag: name}).Fetch(t.Context()); !errors.Is(err, git.ErrUnsupported) || !strings.Contains(err.Error(), "stands for a "+name) {
				t.Errorf("fetch: %v", err)
			}
		}
	})
}

func TestRefsThatAreNoneAreRefusedByName(t *testing.T) {
	work := newRepo(t)
	for text, ref := range map[string]git.Ref{
		`ref "refs/heads/../../config"`:      {Name: "refs/heads/../../config"},
		`ref "refs/heads/a\\a"`:              {Name: "refs/heads/a\x07"},
		`ref "HEAD"`:                         {Name: "HEAD"},
		`ref "main"`:                         {Name: "main"},
		`ref "refs/heads/*"`:                 {Name: "refs/heads/*"},
		`ref "refs/heads/a.lock"`:            {Name: "refs/heads/a.lock"},
		`tag "../v1"`:                        {Tag: "../v1"},
		`tag "refs/tags/v1"`:                 {Tag: "refs/tags/v1"},
		`tag "v1:x"`:                         {Tag: "v1:x"},
		`version range "latest"`:             {SemVer: "latest"},
		`version range ">= 1.x.y"`:           {SemVer: ">= 1.x.y"},
		`commit "3f2a1c9"`:                   {Commit: "3f2a1c9"},
		`commit "` + strings.Repeat("0", 40): {Commit: strings.Repeat("0", 40)},
		"more than one of":                   {Tag: "v1", Commit: someHash},
	} {
		err := (git.Options{URL: work.dir, Ref: ref}).Check()
		if _, opened := git.Open(git.Options{URL: work.dir, Ref: ref}); !errors.Is(err, git.ErrURL) || !errors.Is(opened, git.ErrURL) || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v", ref, err)
		}
	}
	if err := (git.Options{URL: work.dir, Branch: "main", Ref: git.Ref{Tag: "v1"}}).Check(); !errors.Is(err, git.ErrURL) {
		t.Errorf("a branch and a tag: %v", err)
	}
}

func TestWatchNamesTheFilesOfEachKindOfRef(t *testing.T) {
	work := newRepo(t)
	work.commit("a.yaml", "a: 1\n")
	packed := filepath.Join(work.dir, ".git/packed-refs")
	for want, ref := range map[string]git.Ref{
		"refs/tags/v1": {Tag: "v1"}, "refs/tags": {SemVer: ">1"}, "refs/notes/x": {Name: "refs/notes/x"}, "packed-refs": {Commit: someHash},
	} {
		got := openWith(t, git.Options{URL: work.dir, Ref: ref}).Watch()
		if !slices.Contains(got, filepath.Join(work.dir, ".git", want)) || !slices.Contains(got, packed) {
			t.Errorf("%+v watches %v", ref, got)
		}
	}
}
