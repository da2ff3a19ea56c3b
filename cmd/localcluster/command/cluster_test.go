package command_test

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	stdsync "sync"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// built finds the binary of these sources, once.
var built = stdsync.OnceValues(func() (string, error) {
	cmd := exec.Command("go", "run", "../build", "-check")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = errors.New(stderr.String())
	}
	return strings.TrimSpace(string(out)), err
})

// localcluster returns the command with args, not started.
func localcluster(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	if testing.Short() {
		t.Skip("runs the control plane")
	}
	binary, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return exec.Command(binary, args...)
}

// result is how a command ended.
type result struct {
	out, err string
	code     int
}

func run(t *testing.T, args ...string) result {
	t.Helper()
	cmd := localcluster(t, args...)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return result{out: out.String(), err: stderr.String(), code: cmd.ProcessState.ExitCode()}
}

// must runs a command that succeeds, and returns what it printed.
func must(t *testing.T, args ...string) string {
	t.Helper()
	r := run(t, args...)
	if r.code != 0 {
		t.Fatalf("%v: exit code %d: %s", args, r.code, r.err)
	}
	return r.out
}

// foreground is a cluster that runs as the test's child.
type foreground struct {
	cmd    *exec.Cmd
	dir    controlplane.Dir
	stdin  io.Closer
	stderr bytes.Buffer // to be read after the end
	state  controlplane.State
}

// start starts a cluster with further flags, and returns when it is ready.
func start(t *testing.T, flags ...string) *foreground {
	t.Helper()
	f := &foreground{dir: controlplane.Dir(filepath.Join(t.TempDir(), "cluster"))}
	flags = append([]string{"up", "--foreground", "--until-stdin-closes", "--dir", string(f.dir)}, flags...)
	f.cmd = localcluster(t, flags...)
	f.cmd.Stderr = &f.stderr
	stdin, err := f.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	f.stdin = stdin
	stdout, err := f.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := f.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = f.stdin.Close()
		_ = f.cmd.Wait()
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil || !strings.HasPrefix(line, "Ready after ") {
		_ = f.cmd.Wait()
		t.Fatalf("not ready: %q, %v\n%s", line, err, &f.stderr)
	}
	f.state = current(t, f.dir)
	return f
}

// wait returns the exit code when the cluster has ended.
func (f *foreground) wait() int {
	_ = f.cmd.Wait()
	return f.cmd.ProcessState.ExitCode()
}

func current(t *testing.T, d controlplane.Dir) controlplane.State {
	t.Helper()
	state, err := controlplane.Current(d)
	if err != nil {
		t.Fatal(err)
	}
	return state
}

// expectGone fails the test when a process or a port of the cluster stays.
func expectGone(t *testing.T, s controlplane.State) {
	t.Helper()
	if len(s.Ports) != 3 || len(s.Components) != 5 || s.Supervisor == 0 {
		t.Fatalf("not the state of a cluster: %+v", s)
	}
	for _, port := range s.Ports {
		eventually(t, "port "+strconv.Itoa(port)+" to be free", func() bool { return !listens(port) })
	}
	for _, c := range s.Components {
		eventually(t, c.Name+" to be gone", func() bool { return gone(c.PID) })
	}
	eventually(t, "the supervisor to be gone", func() bool { return gone(s.Supervisor) })
}

func gone(pid int) bool { return errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) }

func listens(port int) bool {
	conn, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

// eventually polls until done, and fails the test after a minute.
func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick, limit := time.NewTicker(20*time.Millisecond), time.After(time.Minute)
	defer tick.Stop()
	for !done() {
		select {
		case <-limit:
			t.Fatalf("waited in vain for %s", what)
		case <-tick.C:
		}
	}
}

func signal(t *testing.T, pid int, s os.Signal) {
	t.Helper()
	process, err := os.FindProcess(pid)
	if err != nil {
		t.Fatal(err)
	}
	if err := process.Signal(s); err != nil {
		t.Fatal(err)
	}
}
