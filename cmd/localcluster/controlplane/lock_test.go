package controlplane

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"
)

// ownEnv makes the test binary the owner of a folder, and nothing else: a lock is a process's, not a goroutine's.
const ownEnv = "CONTROLPLANE_TEST_OWN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownEnv); dir != "" {
		if err := acquire(Dir(dir)); err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println("owner")
		_, _ = io.Copy(io.Discard, os.Stdin)
		return
	}
	os.Exit(m.Run())
}

// owner starts a process that owns d until its input is closed.
func owner(t *testing.T, d Dir) (cmd *exec.Cmd, said string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), ownEnv+"="+string(d))
	input, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = input.Close()
		_ = cmd.Wait()
	})
	said, err = bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, said
}

func TestTheKernelNamesTheOwner(t *testing.T) {
	d := Dir(t.TempDir())
	if pid, running, err := Owner(d); running || err != nil {
		t.Fatalf("before: process %d, running %t, error %v", pid, running, err)
	}
	cmd, _ := owner(t, d)
	pid, running, err := Owner(d)
	if pid != cmd.Process.Pid || !running || err != nil {
		t.Errorf("got process %d, running %t, error %v; want process %d", pid, running, err, cmd.Process.Pid)
	}
}

func TestASecondOwnerIsRefusedAndToldOfTheFirst(t *testing.T) {
	d := Dir(t.TempDir())
	first, _ := owner(t, d)
	_, said := owner(t, d)
	want := (&RunningError{Dir: d, Supervisor: first.Process.Pid}).Error() + "\n"
	if said != want {
		t.Errorf("the second says %q, want %q", said, want)
	}
}

func TestAKilledOwnerLeavesNoLock(t *testing.T) {
	d := Dir(t.TempDir())
	cmd, _ := owner(t, d)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if _, running, err := Owner(d); running || err != nil {
		t.Errorf("running %t, error %v", running, err)
	}
}

func TestAStateWithoutAnOwnerIsNoCluster(t *testing.T) {
	d := Dir(t.TempDir())
	if err := writeState(d, State{Ready: true, Supervisor: os.Getppid()}); err != nil {
		t.Fatal(err)
	}
	var none *NotRunningError
	if _, err := Current(d); !errors.As(err, &none) || none.Starting {
		t.Errorf("current: %v", err)
	}
	if _, err := AwaitReady(t.Context(), d); !errors.As(err, &none) {
		t.Errorf("await: %v", err)
	}
}

func TestAnOwnerThatIsNotReadyIsStarting(t *testing.T) {
	d := Dir(t.TempDir())
	cmd, _ := owner(t, d)
	for _, state := range []State{{Supervisor: cmd.Process.Pid}, {Supervisor: os.Getpid(), Ready: true}} {
		if err := writeState(d, state); err != nil {
			t.Fatal(err)
		}
		var none *NotRunningError
		if _, err := Current(d); !errors.As(err, &none) || !none.Starting {
			t.Errorf("%+v: %v", state, err)
		}
	}
	want := State{Ready: true, Supervisor: cmd.Process.Pid, Server: "https://127.0.0.1:6443", Options: DefaultOptions()}
	if err := writeState(d, want); err != nil {
		t.Fatal(err)
	}
	got, err := AwaitReady(t.Context(), d)
	if err != nil || got.Server != want.Server || got.Options != want.Options {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestEndRemovesTheKeysOfAKilledSupervisor(t *testing.T) {
	d := Dir(t.TempDir())
	write(t, d.pki("apiserver.key"))
	if err := writeState(d, State{Ready: true}); err != nil {
		t.Fatal(err)
	}
	if ended, err := End(t.Context(), d); ended || err != nil {
		t.Errorf("ended %t, error %v", ended, err)
	}
	if got := names(t, string(d)); got != "lock" {
		t.Errorf("the folder holds %s", got)
	}
}
