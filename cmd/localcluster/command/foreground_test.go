package command_test

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func TestAKilledForegroundLeavesNoProcessAndNoPort(t *testing.T) {
	f := start(t)
	signal(t, f.cmd.Process.Pid, os.Kill)
	f.wait()
	expectGone(t, f.state)
	expect(t, must(t, "down", "--dir", string(f.dir)), "No cluster runs")
	if _, err := os.Stat(f.dir.Kubeconfig()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the kubeconfig is left: %v", err)
	}
}

func TestAForegroundEndsOnSIGTERM(t *testing.T) {
	f := start(t)
	signal(t, f.cmd.Process.Pid, syscall.SIGTERM)
	if code := f.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, &f.stderr)
	}
	expectGone(t, f.state)
}

func TestAForegroundEndsWithItsInputAndTakesItsFolderAlong(t *testing.T) {
	f := start(t, "--ephemeral")
	if err := f.stdin.Close(); err != nil {
		t.Fatal(err)
	}
	if code := f.wait(); code != 0 {
		t.Errorf("exit code %d\n%s", code, &f.stderr)
	}
	expectGone(t, f.state)
	if _, err := os.Stat(string(f.dir)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the folder is left: %v", err)
	}
}

func TestAComponentThatDiesEndsTheClusterAndIsNamed(t *testing.T) {
	f := start(t)
	for _, c := range f.state.Components {
		if c.Name == controlplane.Scheduler {
			signal(t, c.PID, os.Kill)
		}
	}
	if code := f.wait(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, f.stderr.String(), "kube-scheduler ended by itself: signal: killed", f.dir.Log(controlplane.Scheduler))
	expectGone(t, f.state)
}

func TestDownEndsAForeground(t *testing.T) {
	f := start(t)
	reaped := make(chan int)
	go func() { reaped <- f.wait() }()
	expect(t, must(t, "down", "--dir", string(f.dir)), "The cluster has ended.")
	if code := <-reaped; code != 0 {
		t.Errorf("exit code %d\n%s", code, &f.stderr)
	}
	expectGone(t, f.state)
}

func TestASecondForegroundIsRefused(t *testing.T) {
	f := start(t)
	r := run(t, "up", "--foreground", "--dir", string(f.dir))
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
	expect(t, r.err, "a cluster runs in "+string(f.dir)+" already")
	current(t, f.dir)
}
