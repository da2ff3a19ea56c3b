package watch_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

func TestEveryWayThatGitMovesABranchIsNoticed(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", append([]string{"-c", "user.name=Ada", "-c", "user.email=ada@example.com"}, args...)...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v\n%s", args, err, out)
		}
	}
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
		git(step...)
		if step[0] != "worktree" {
			wait(t, calls)
		}
	}
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	wait(t, calls)
	git("init", "-q", "-b", "team/main")
	git("commit", "-q", "--allow-empty", "-m", "first again")
	wait(t, calls)
}
