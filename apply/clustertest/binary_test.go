package clustertest_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// again runs one test of this test binary in a process of its own, with further flags and environment, and returns what
// it printed and whether it passed.
func again(t *testing.T, test string, flags, env []string) (out string, passed bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0], append([]string{"-test.v", "-test.run", "^" + test + "$"}, flags...)...)
	cmd.Env = append(os.Environ(), env...)
	var both bytes.Buffer
	cmd.Stdout, cmd.Stderr = &both, &both
	err := cmd.Run()
	return both.String(), err == nil
}

// nothingBuilt is an environment in which the user's cache folder holds no control plane.
func nothingBuilt(t *testing.T) []string {
	t.Helper()
	env := []string{clustertest.BinaryEnv + "=", "HOME=" + t.TempDir(), "XDG_CACHE_HOME=" + t.TempDir()}
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // these would be empty there, too
		value, err := exec.Command("go", "env", name).Output()
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, name+"="+strings.TrimSpace(string(value)))
	}
	return env
}

func TestWithoutTheBinaryOneReadsWhatToRun(t *testing.T) {
	out, passed := again(t, "TestAConfigIsItsCallersToChange", []string{"-test.short=false"}, nothingBuilt(t))
	if passed || !strings.Contains(out, "the local control plane is not built; run: make cluster-build") {
		t.Errorf("passed %t:\n%s", passed, out)
	}
}

func TestShortNeedsNoControlPlane(t *testing.T) {
	out, passed := again(t, "TestAConfigIsItsCallersToChange", []string{"-test.short"}, nothingBuilt(t))
	if !passed || !strings.Contains(out, "needs the local control plane; run without -short") {
		t.Errorf("passed %t:\n%s", passed, out)
	}
}

// failEnv makes a test below do what must fail its test binary.
const failEnv = "CLUSTERTEST_FAIL"

func TestAControlPlaneThatDiesFailsTheTestBinary(t *testing.T) {
	kubeconfig := clustertest.Kubeconfig(t)
	if os.Getenv(failEnv) != "" {
		killSupervisor(t, filepath.Dir(kubeconfig))
		return
	}
	out, passed := again(t, t.Name(), nil, []string{failEnv + "=yes"})
	if passed || !strings.Contains(out, "clustertest: control plane ended: signal: killed") {
		t.Errorf("passed %t:\n%s", passed, out)
	}
}

func killSupervisor(t *testing.T, dir string) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "state.json"))
	if err != nil {
		t.Fatal(err)
	}
	var state struct{ Supervisor int }
	if err := json.Unmarshal(data, &state); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(state.Supervisor, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// Nobody else removes the folder then.
	if err := os.RemoveAll(dir); err != nil {
		t.Error(err)
	}
}

func TestAGoroutineThatIsLeftFailsTheTestBinary(t *testing.T) {
	if os.Getenv(failEnv) != "" {
		go func() { select {} }()
		return
	}
	out, passed := again(t, t.Name(), nil, []string{failEnv + "=yes"})
	if passed || !strings.Contains(out, "found unexpected goroutines") {
		t.Errorf("passed %t:\n%s", passed, out)
	}
}
