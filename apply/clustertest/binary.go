package clustertest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// BinaryEnv is the environment variable that names a built localcluster. Without it, the one that belongs to the sources
// is looked for.
const BinaryEnv = "LOCKSTEP_LOCALCLUSTER"

// findBinary returns the path of the built control plane. It does not build it: that takes minutes, which would look
// like a test that hangs and then run into the deadline of go test.
func findBinary() (string, error) {
	if path := os.Getenv(BinaryEnv); path != "" {
		return path, nil
	}
	// Not from the path of this file, which -trimpath takes away.
	gomod, err := output(exec.Command("go", "env", "GOMOD"))
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	sources := filepath.Join(filepath.Dir(gomod), "cmd", "localcluster")
	path, err := output(exec.Command("go", "run", "-C", sources, "./build", "-check"))
	if err != nil {
		return "", fmt.Errorf("find the local control plane: %w", err)
	}
	return path, nil
}

// output returns the one line that a command prints, or what it says on standard error.
func output(cmd *exec.Cmd) (string, error) {
	out, err := cmd.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		return "", errors.New(strings.TrimSpace(string(failed.Stderr)))
	}
	return strings.TrimSpace(string(out)), err
}
