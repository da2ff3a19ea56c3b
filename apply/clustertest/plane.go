package clustertest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
)

// plane is a running control plane: a process that ends when its standard input does.
type plane struct {
	dir     string
	cmd     *exec.Cmd
	stdin   io.Closer
	stderr  *bytes.Buffer // to be read after ended is closed
	ended   chan struct{}
	failure error // how the process ended; to be read after ended is closed
}

// startPlane returns when the cluster is ready.
func startPlane() (*plane, error) {
	binary, err := findBinary()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "lockstep-clustertest-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	p := &plane{dir: dir, stderr: &bytes.Buffer{}, ended: make(chan struct{})}
	// Ephemeral: the control plane removes the folder, also when this process has no time to.
	p.cmd = exec.Command(binary, "up", "--foreground", "--until-stdin-closes", "--ephemeral", "--dir", dir)
	p.cmd.Stderr = p.stderr
	stdout, err := p.start()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", binary, err), os.RemoveAll(dir))
	}
	// Its first words on standard output are that it is ready; it has none when it fails.
	_, err = bufio.NewReader(stdout).ReadString('\n')
	go p.wait()
	if err != nil {
		return nil, errors.Join(errors.New("it did not become ready"), p.stop())
	}
	return p, nil
}

func (p *plane) start() (stdout io.Reader, err error) {
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		return nil, err
	}
	if stdout, err = p.cmd.StdoutPipe(); err != nil {
		return nil, err
	}
	return stdout, p.cmd.Start()
}

func (p *plane) wait() {
	p.failure = p.cmd.Wait()
	close(p.ended)
}

// stop ends the control plane and returns when it is gone. That it was gone before is an error, with its last words.
func (p *plane) stop() error {
	_ = p.stdin.Close() // an error means that the process is gone
	<-p.ended
	if p.failure != nil {
		return fmt.Errorf("control plane ended: %w\n%s", p.failure, p.stderr)
	}
	return nil
}

func (p *plane) kubeconfig() string { return filepath.Join(p.dir, "kubeconfig") }
