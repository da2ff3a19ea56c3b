package git_test

import (
	"fmt"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func TestABranchWhoseHistoryIsRewrittenIsSaidSoOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, work repo, share func(), open func(git.Ref) *git.Repository) {
		if origin := work.run("config", "--default", "", "--get", "remote.origin.url"); origin != "" {
			at(t, origin).run("config", "uploadpack.allowFilter", "true")
		}
		r := open(git.Ref{})
		want := func(what string, rewritten bool) {
			t.Helper()
			share()
			hash := work.run("rev-parse", "main")
			if s := fetch(t, r, hash); s.Rewritten != rewritten {
				t.Errorf("%s: rewritten is %t", what, s.Rewritten)
			}
		}
		work.commit("a.yaml", "a: 1\n")
		base := work.run("rev-parse", "main")
		want("the first commit", false)
		work.commit("a.yaml", "a: 2\n")
		want("one more", false)
		for i := range 5 {
			work.commit("a.yaml", fmt.Sprintf("a: 3.%d\n", i))
		}
		want("five more", false)
		work.run("checkout", "-q", "-b", "topic", base)
		work.commit("b.yaml", "b: 1\n")
		work.run("checkout", "-q", "main")
		work.run("merge", "-q", "--no-ff", "-m", "Merge", "topic")
		work.commit("a.yaml", "a: 4\n")
		want("a merge and one more", false)
		work.run("commit", "-q", "--amend", "-m", "Amended")
		want("an amended commit", true)
		work.commit("a.yaml", "a: 5\n")
		want("one more after it", false)
		work.run("reset", "-q", "--hard", base)
		want("an older commit", true)
		work.run("checkout", "-q", "--orphan", "fresh")
		work.commit("c.yaml", "c: 1\n")
		work.run("branch", "-f", "main", "fresh")
		want("an unrelated commit", true)
	})
}

func TestAServerThatCannotTellLeavesItOpen(t *testing.T) {
	s := newServer(t)
	r := open(t, s.url)
	fetch(t, r, s.push("a.yaml", "a: 1\n"))
	s.commit("a.yaml", "a: 2\n")
	if got := fetch(t, r, s.push("a.yaml", "a: 3\n")); got.Rewritten {
		t.Error("two commits at once are said to rewrite the history")
	}
}
