package watch_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/git/gittest"
)

func TestEveryWayThatGitMovesABranchIsNoticed(t *testing.T) {
	repo := gittest.At(t, t.TempDir())
	dir := repo.Dir
	calls := start(t, filepath.Join(dir, ".git/refs/heads/team/main"), filepath.Join(dir, ".git/packed-refs"))
	for _, step := range [][]string{
		{"init", "-q", "-b", "team/main"},
		{"commit", "-q", "--allow-empty", "-m", "first"},
		{"commit", "-q", "--allow-empty", "-m", "second"},
		{"pack-refs", "--all"},
		{"commit", "-q", "--allow-empty", "-m", "third"},
		{"reset", "-q", "--hard", "HEAD^"},
		{"branch", "-m", "other"},
		{"branch", "-m", "team/main"},
		{"commit", "-q", "--allow-empty", "-m", "fourth"},
		{"gc", "-q"},
		{"worktree", "add", "-q", "-b", "topic", filepath.Join(t.TempDir(), "linked")},
		{"-C", ".git/worktrees/linked", "--git-dir=.", "--work-tree=.", "update-ref", "refs/heads/team/main", "HEAD~1"},
	} {
		repo.Git(step...)
		if step[0] != "worktree" {
			wait(t, calls)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	wait(t, calls)
	repo.Git("init", "-q", "-b", "team/main")
	repo.Git("commit", "-q", "--allow-empty", "-m", "first again")
	wait(t, calls)
}
