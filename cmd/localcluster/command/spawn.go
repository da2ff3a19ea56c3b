package command

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"syscall"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// errNotReady comes after the supervisor's own words.
var errNotReady = errors.New("the cluster did not become ready")

// spawn starts a supervisor in a session of its own. What it reports comes from the pipe, which ends when the cluster is
// ready or the supervisor is gone; why it went is reported, too. All else that it prints goes to its log.
func (u *up) spawn() (report *os.File, cmd *exec.Cmd, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, nil, fmt.Errorf("find own program: %w", err)
	}
	if err := u.dir.Claim(); err != nil {
		return nil, nil, err
	}
	log, err := openLog(u.dir.Log(controlplane.Supervisor))
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = log.Close() }()
	report, write, err := os.Pipe()
	if err != nil {
		return nil, nil, fmt.Errorf("open report: %w", err)
	}
	defer func() { _ = write.Close() }()
	const reportFD = 3 // the first of exec.Cmd's extra files
	cmd = exec.Command(self, "up", "--foreground", "--report-fd", strconv.Itoa(reportFD),
		"--dir", string(u.dir), "--nodes", strconv.Itoa(u.options.Nodes), "--node-cpu", u.options.NodeCPU,
		"--node-memory", u.options.NodeMemory, "--node-pods", strconv.Itoa(u.options.NodePods))
	cmd.ExtraFiles = []*os.File{write}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = string(u.dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		_ = report.Close()
		return nil, nil, fmt.Errorf("start supervisor: %w", err)
	}
	return report, cmd, nil
}

func openLog(path string) (*os.File, error) {
	log, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	return log, nil
}
