package controlplane

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	stdsync "sync"
	"syscall"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/lifeline"
)

// DiedError says that a component ended by itself.
type DiedError struct {
	Component string
	Err       error  // how it ended
	Log       string // its log file
	Tail      string // the last lines of it
}

func (e *DiedError) Error() string {
	return fmt.Sprintf("%s ended by itself: %v; the last lines of %s:\n%s", e.Component, e.Err, e.Log, e.Tail)
}

func (e *DiedError) Unwrap() error { return e.Err }

// fleet is the running components. It tells of the first one that ends by itself.
type fleet struct {
	dir     Dir
	program string // the multi-call binary
	line    *lifeline.Line
	died    func(error)

	running  stdsync.WaitGroup
	mu       stdsync.Mutex
	stopping bool
	commands map[string]*exec.Cmd
}

func newFleet(d Dir, died func(error)) (*fleet, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find own program: %w", err)
	}
	line, err := lifeline.New()
	if err != nil {
		return nil, err
	}
	return &fleet{dir: d, program: program, line: line, died: died, commands: map[string]*exec.Cmd{}}, nil
}

// start runs a component with its output in its log. It does not wait until the component serves.
func (f *fleet) start(name string, args []string) error {
	log, err := os.OpenFile(f.dir.Log(name), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open log: %w", err)
	}
	defer func() { _ = log.Close() }()
	cmd := exec.Command(f.program, append([]string{name}, args...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Dir = string(f.dir)
	// kwok would read the settings of a kwok that the user has.
	cmd.Env = append(os.Environ(), "KWOK_WORKDIR="+f.dir.join("kwok"))
	// A group of its own: Ctrl-C on the terminal is the supervisor's to handle.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	f.line.Tie(cmd)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return errors.New("start " + name + ": the cluster is ending")
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	f.commands[name] = cmd
	f.running.Go(func() { f.wait(name, cmd) })
	return nil
}

func (f *fleet) wait(name string, cmd *exec.Cmd) {
	err := cmd.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.stopping {
		return
	}
	if err == nil {
		err = errors.New("exit status 0")
	}
	log := f.dir.Log(name)
	f.died(&DiedError{Component: name, Err: err, Log: log, Tail: tail(log)})
}

// stop kills the components and returns when they are gone, and their ports with them. Nothing is asked to drain: the
// API server would hold its port for up to a minute, and there is no data to save.
func (f *fleet) stop() {
	f.mu.Lock()
	f.stopping = true
	for _, cmd := range f.commands {
		_ = cmd.Process.Kill() // an error means that it is gone
	}
	f.mu.Unlock()
	f.running.Wait()
	f.line.Close()
}

func (f *fleet) pid(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	if cmd := f.commands[name]; cmd != nil {
		return cmd.Process.Pid
	}
	return 0
}
