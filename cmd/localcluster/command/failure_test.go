package command_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

func TestUpPassesOnWhyTheClusterDidNotStart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "cluster")
	inTheWay := filepath.Join(dir, "log", "etcd.log", "file")
	if err := os.MkdirAll(filepath.Dir(inTheWay), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(inTheWay, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r := run(t, "up", "--dir", dir)
	if r.code != 1 {
		t.Errorf("exit code %d", r.code)
	}
	expect(t, r.err, "remove old log", "etcd.log", "the cluster did not become ready")
	if _, running, err := controlplane.Owner(controlplane.Dir(dir)); running || err != nil {
		t.Errorf("a supervisor is left: %t, %v", running, err)
	}
}

func TestCtrlCWhileUpWaitsEndsTheCluster(t *testing.T) {
	dir := controlplane.Dir(filepath.Join(t.TempDir(), "cluster"))
	cmd := localcluster(t, "up", "--dir", string(dir))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var starting controlplane.State
	eventually(t, "the supervisor's state", func() bool {
		state, written, err := controlplane.ReadState(dir)
		if err != nil {
			t.Fatal(err)
		}
		starting = state
		return written
	})
	signal(t, cmd.Process.Pid, os.Interrupt)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code %d", code)
	}
	expect(t, stderr.String(), "the cluster did not become ready")
	eventually(t, "the supervisor to be gone", func() bool { return gone(starting.Supervisor) })
	for _, port := range starting.Ports {
		if listens(port) {
			t.Errorf("somebody listens on %d", port)
		}
	}
	if _, err := os.Stat(dir.Kubeconfig()); !os.IsNotExist(err) {
		t.Errorf("a kubeconfig is left: %v", err)
	}
}
