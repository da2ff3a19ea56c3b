package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func expect(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("no %q in:\n%s", part, text)
		}
	}
}

func TestUpAgainChangesNothingAndDownLeavesNothing(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	t.Cleanup(func() { must(t, "down", "--dir", dir) })
	out := must(t, "up", "--dir", dir, "--nodes", "2", "--node-cpu", "500m")
	expect(t, out, "Ready after ", "Kubernetes v1.", "2 nodes", "export KUBECONFIG="+dir+"/kubeconfig")
	first := current(t, controlplane.Dir(dir))

	again := must(t, "up", "--dir", dir)
	expect(t, again, "A cluster runs already; nothing was changed.", "It has 2 nodes of 500m CPUs", first.Server)
	if second := current(t, controlplane.Dir(dir)); second.Supervisor != first.Supervisor {
		t.Errorf("the supervisor was %d and is %d", first.Supervisor, second.Supervisor)
	}

	expect(t, must(t, "down", "--dir", dir), "The cluster has ended.")
	expectGone(t, first)
	if entries, _ := filepath.Glob(filepath.Join(dir, "*")); len(entries) != 2 {
		t.Errorf("left: %v, want the lock and the logs", entries)
	}
	expect(t, must(t, "down", "--dir", dir), "No cluster runs in "+dir)
}

func TestTwoUpsAtOnceMakeOneCluster(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	t.Cleanup(func() { must(t, "down", "--dir", dir) })
	cmd := localcluster(t, "up", "--dir", dir)
	var second bytes.Buffer
	cmd.Stdout, cmd.Stderr = &second, &second
	var running stdsync.WaitGroup
	running.Go(func() { _ = cmd.Run() })
	first := run(t, "up", "--dir", dir)
	running.Wait()
	if first.code != 0 || !cmd.ProcessState.Success() {
		t.Errorf("not both see it up:\n%s\n%s", first.err, &second)
	}
	state := current(t, controlplane.Dir(dir))
	expect(t, first.out, state.Server)
	expect(t, second.String(), state.Server)
}

func TestUpRefusesAFolderOfSomethingElse(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, "up", "--dir", dir)
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
	expect(t, r.err, "it holds thesis.txt")
	if entries, _ := filepath.Glob(filepath.Join(dir, "*")); len(entries) != 1 {
		t.Errorf("the folder holds %v", entries)
	}
}

func TestUpSaysWhichFlagCannotBe(t *testing.T) {
	for want, flags := range map[string][]string{
		"nodes: 0 is not between 1 and 1000":  {"--nodes", "0"},
		"node memory: \"much\" is not":        {"--node-memory", "much"},
		"--ephemeral need --foreground":       {"--ephemeral"},
		"unknown flag: --node":                {"--node", "1"},
		"unknown command \"now\" for \"local": {"now"},
	} {
		r := run(t, append([]string{"up", "--dir", t.TempDir()}, flags...)...)
		if r.code != 1 {
			t.Errorf("%v: exit code %d", flags, r.code)
		}
		expect(t, r.err, want)
	}
}
