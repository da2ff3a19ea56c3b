package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// builder returns the builder's own program and an environment in which nothing is built.
func builder(t *testing.T) (program string, env []string) {
	t.Helper()
	program = filepath.Join(t.TempDir(), "build")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	home := t.TempDir()
	return program, append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"))
}

func TestCheckSaysWhatToRunWhenNothingIsBuilt(t *testing.T) {
	program, env := builder(t)
	cmd := exec.Command(program, "-check")
	cmd.Env, cmd.Dir = env, sources(t)
	out, err := cmd.CombinedOutput()
	if err == nil || !strings.Contains(string(out), "run: make cluster-build") {
		t.Errorf("it says %q, %v", out, err)
	}
}

func TestTheBuilderBecomesTheBinary(t *testing.T) {
	program, env := builder(t)
	root := sources(t)
	put(t, root, "main.go", `package main

import "os"

func main() {
	println(os.Args[1], os.Args[2], os.Getpid())
	os.Exit(7)
}
`)
	path := exec.Command(program)
	path.Env, path.Dir = append(env, "GOCACHE="+goEnv(t, "GOCACHE")), root
	binary, err := path.Output()
	if err != nil {
		t.Fatal(err)
	}
	if !exists(strings.TrimSpace(string(binary))) {
		t.Errorf("it prints %q, which is no file", binary)
	}
	cmd := exec.Command(program, "up", "-check")
	cmd.Env, cmd.Dir = env, filepath.Join(root, "sub")
	out, err := cmd.CombinedOutput()
	if code := cmd.ProcessState.ExitCode(); code != 7 {
		t.Errorf("exit code %d, %v", code, err)
	}
	if fields := strings.Fields(string(out)); len(fields) != 3 || fields[0] != "up" || fields[1] != "-check" {
		t.Errorf("it says %q", out)
	} else if pid := cmd.ProcessState.Pid(); fields[2] != strconv.Itoa(pid) {
		t.Errorf("the binary is process %s, the builder was %d", fields[2], pid)
	}
}

func goEnv(t *testing.T, name string) string {
	t.Helper()
	out, err := exec.Command("go", "env", name).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
