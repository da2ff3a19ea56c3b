package lifeline

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

// env tells a child which of its file descriptors is the read end.
const env = "LOCKSTEP_LIFELINE_FD"

// A Line is the parent's side: the children tied to it live no longer than it does.
type Line struct{ read, write *os.File }

// New opens a line. It must be kept until its children may end: they exit when it is closed or this process is gone.
func New() (*Line, error) {
	read, write, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open lifeline: %w", err)
	}
	return &Line{read: read, write: write}, nil
}

// Tie makes cmd, which must not have been started, inherit the read end. The program must call [Hold].
func (l *Line) Tie(cmd *exec.Cmd) {
	const firstExtra = 3 // after standard input, output and error, see exec.Cmd
	fd := firstExtra + len(cmd.ExtraFiles)
	cmd.ExtraFiles = append(cmd.ExtraFiles, l.read)
	if cmd.Env == nil {
		cmd.Env = os.Environ()
	}
	cmd.Env = append(cmd.Env, env+"="+strconv.Itoa(fd))
}

// Close ends the children that still hold the line.
func (l *Line) Close() {
	_ = l.write.Close()
	_ = l.read.Close()
}

// Hold is the child's side: when the line that it was tied to breaks, the process exits at once with code 1, without
// running anything else. A process that was tied to no line goes on unbound. An unusable descriptor is an error.
func Hold() error {
	value, tied := os.LookupEnv(env)
	if !tied {
		return nil
	}
	// Neither the variable nor the descriptor is for the children of this process.
	_ = os.Unsetenv(env)
	fd, err := strconv.Atoi(value)
	if err != nil {
		return fmt.Errorf("read %s: %w", env, err)
	}
	syscall.CloseOnExec(fd)
	go exitAtEnd(os.NewFile(uintptr(fd), "lifeline"))
	return nil
}

func exitAtEnd(line *os.File) {
	_, _ = io.Copy(io.Discard, line)
	os.Exit(1)
}
