package git_test

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/lockstep-dev/lockstep/git"
)

// past wants the commit that the digits mean, and its file a.yaml to hold text.
func past(t *testing.T, r *git.Repository, digits, hash, text string) {
	t.Helper()
	s, err := r.At(t.Context(), digits)
	if err != nil {
		t.Errorf("%s: %v", digits, err)
		return
	}
	if got := content(t, s, ".", "a.yaml"); s.Revision != (git.Revision{Hash: hash}) || got != text {
		t.Errorf("%s is %s with %q, want %s with %q", digits, s.Revision, got, hash, text)
	}
}

// noPast wants no commit, and the error to say why.
func noPast(t *testing.T, r *git.Repository, digits string, kind error, text string) {
	t.Helper()
	if s, err := r.At(t.Context(), digits); !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("%s is %s, %v", digits, s.Revision, err)
	}
}

// history commits three states of a.yaml, and returns their hashes.
func (r repo) history() []string {
	r.t.Helper()
	return []string{r.commit("a.yaml", "a: 1\n"), r.commit("a.yaml", "a: 2\n"), r.commit("a.yaml", "a: 3\n")}
}

func TestAnyCommitOfAFolderIsThere(t *testing.T) {
	work := newRepo(t)
	all := work.history()
	work.run("gc", "-q")
	all = append(all, work.commit("a.yaml", "a: 4\n"))
	work.run("reset", "-q", "--hard", all[2]) // the last is in no pack and on no branch
	r := open(t, work.dir)
	for i, hash := range all {
		text := "a: " + string(rune('1'+i)) + "\n"
		past(t, r, hash, hash, text)
		past(t, r, hash[:7], hash, text)
		past(t, r, strings.ToUpper(hash[:12]), hash, text)
	}
	noPast(t, r, strings.Repeat("0", 39)+"1", git.ErrRefNotFound, "not found: fetch it into the repository")
	noPast(t, r, "0000001", git.ErrRefNotFound, "not found")
	noPast(t, r, work.run("rev-parse", all[0]+":a.yaml")[:10], git.ErrRefNotFound, "not found") // a file
	for _, text := range []string{"", "abcdef", "v1.2.3", "main", all[0] + "0", "12345678g", "../../a", "-1234567"} {
		noPast(t, r, text, git.ErrRefNotFound, "want its hash, or at least 7")
	}
	fetch(t, r, all[2])
}

func TestAFileOfJunkIsNoOtherCommit(t *testing.T) {
	work := newRepo(t)
	first := work.commit("a.yaml", "a: 1\n")
	// A second object of the same first digits: git names it by what is in it, so its file's name is made up, and its
	// content another's. It is none, and does not count.
	fake := work.dir + "/.git/objects/" + first[:2] + "/" + first[2:39] + other(first[39:])
	if err := os.WriteFile(fake, []byte("junk"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := open(t, work.dir)
	past(t, r, first[:39], first, "a: 1\n")
}

func other(digit string) string {
	if digit == "0" {
		return "1"
	}
	return "0"
}

func TestACommitThatIsNotHereIsFetched(t *testing.T) {
	s := newServer(t)
	s.bare.run("config", "uploadpack.allowReachableSHA1InWant", "true")
	s.bare.run("config", "uploadpack.allowFilter", "true")
	all := s.history()
	s.run("push", "-q", "origin", "main")
	r := open(t, s.url)
	fetch(t, r, all[2])
	past(t, r, all[0], all[0], "a: 1\n")
	past(t, r, all[1][:7], all[1], "a: 2\n")
	fetch(t, r, all[2])
	noPast(t, r, strings.Repeat("0", 39)+"1", git.ErrRefNotFound, "the server has none, or does not give it")
	noPast(t, r, "0000001", git.ErrRefNotFound, `before branch "main"`)
	next := s.push("a.yaml", "a: 4\n")
	fetch(t, r, next)
	hide(t, s)
	for i, hash := range all { // they were here before
		past(t, r, hash[:7], hash, "a: "+string(rune('1'+i))+"\n")
	}
	noPast(t, r, "0000001", git.ErrNotFound, "")
}

// hide takes the repository away from its server.
func hide(t *testing.T, s server) {
	t.Helper()
	if err := os.Rename(s.bare.dir, s.bare.dir+".hidden"); err != nil {
		t.Fatal(err)
	}
}

func TestACommitThatAServerDoesNotGiveIsToldApart(t *testing.T) {
	s := newServer(t)
	all := s.history()
	s.run("tag", "v1", all[1])
	s.run("push", "-q", "--tags", "origin", "main")
	r := open(t, s.url)
	fetch(t, r, all[2])
	past(t, r, all[1][:7], all[1], "a: 2\n") // a tag leads to it
	noPast(t, r, all[0], git.ErrRefNotFound, "the server gives no other")
	noPast(t, r, all[0][:7], git.ErrRefNotFound, "the server does not list the commits before: give all 40 digits")
	fetch(t, r, s.push("a.yaml", "a: 4\n"))
}

func TestACommitOfThePastHasToBeSignedAsWell(t *testing.T) {
	work, ada := newRepo(t), newSigner(t)
	unsigned := work.commit("a.yaml", "a: 1\n")
	signed := work.commitSigned(ada, "a: 2\n")
	head := work.commitSigned(ada, "a: 3\n")
	r := openWith(t, git.Options{URL: work.dir, Keys: trust(t, map[string]string{"ada.pub": ada.public})})
	fetch(t, r, head)
	past(t, r, signed[:7], signed, "a: 2\n")
	noPast(t, r, unsigned, git.ErrSignature, "it is not signed")
}

func TestAFolderAsItIsOnDiskHasNoPast(t *testing.T) {
	work := newRepo(t)
	hash := work.commit("a.yaml", "a: 1\n")
	noPast(t, openWorkTree(t, work.dir), hash, git.ErrUnsupported, "of no commit")
}

func TestDigitsOfSeveralCommitsAreRefused(t *testing.T) {
	work := newRepo(t)
	tree := strings.TrimSpace(work.run("rev-parse", work.commit("a.yaml", "a: 1\n")+"^{tree}"))
	seen := map[string]string{} // contents of commits, by their first digits
	for i := 0; ; i++ {
		text := fmt.Sprintf("tree %s\nauthor Ada <ada@example.com> %d +0000\ncommitter Ada <ada@example.com> %[2]d +0000\n\nOne\n", tree, i)
		digits := plumbing.ComputeHash(plumbing.CommitObject, []byte(text)).String()[:7]
		twin, found := seen[digits]
		if seen[digits] = text; !found {
			continue
		}
		one, two := work.object(twin), work.object(text)
		r := open(t, work.dir)
		noPast(t, r, digits, git.ErrRefNotFound, "the beginning of several commits")
		past(t, r, one, one, "a: 1\n")
		past(t, r, two, two, "a: 1\n")
		return
	}
}
