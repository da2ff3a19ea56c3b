package lifeline_test

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/lifeline"
)

// roleEnv makes the test binary a parent or a child, and nothing else.
const roleEnv = "LIFELINE_TEST_ROLE"

func TestMain(m *testing.M) {
	switch os.Getenv(roleEnv) {
	case "child":
		child()
	case "parent":
		parent()
	default:
		os.Exit(m.Run())
	}
}

// child says that it holds the line, and then lives until something ends it.
func child() {
	if err := lifeline.Hold(); err != nil {
		panic(err)
	}
	fmt.Println("holding")
	select {}
}

// parent starts a child which writes to the parent's standard output, and then lives until something ends it.
func parent() {
	line, err := lifeline.New()
	if err != nil {
		panic(err)
	}
	cmd := role("child")
	cmd.Stdout = os.Stdout
	line.Tie(cmd)
	if err := cmd.Start(); err != nil {
		panic(err)
	}
	_ = cmd.Wait()
}

func role(name string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), roleEnv+"="+name)
	cmd.Stderr = os.Stderr
	return cmd
}

// start runs cmd until it, or a child of it, has said that it holds the line. Its output ends with the last process that
// can write to it.
func start(t *testing.T, cmd *exec.Cmd) (output io.Reader) {
	t.Helper()
	output, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, len("holding\n"))
	if _, err := io.ReadFull(output, said); err != nil {
		t.Fatal(err)
	}
	return output
}

func TestAChildEndsWhenTheLineIsClosed(t *testing.T) {
	line, err := lifeline.New()
	if err != nil {
		t.Fatal(err)
	}
	cmd := role("child")
	line.Tie(cmd)
	output := start(t, cmd)
	line.Close()
	if _, err := io.ReadAll(output); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); cmd.ProcessState.ExitCode() != 1 {
		t.Errorf("child: %v, want exit code 1", err)
	}
}

func TestAChildEndsWhenItsParentIsKilled(t *testing.T) {
	cmd := role("parent")
	output := start(t, cmd)
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(output); err != nil { // ends with the child, which has it open, too
		t.Fatal(err)
	}
	_ = cmd.Wait()
}

func TestAnUnreadableDescriptorIsAnError(t *testing.T) {
	t.Setenv("LOCKSTEP_LIFELINE_FD", "three")
	if err := lifeline.Hold(); err == nil {
		t.Error("no error")
	}
}

func TestWithoutALineAProcessIsUnbound(t *testing.T) {
	if err := lifeline.Hold(); err != nil {
		t.Error(err)
	}
}
