package command

import (
	"bufio"
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/lockstep-dev/lockstep/cmd/localcluster/controlplane"
)

// readyWord is the whole of the line by which a supervisor reports that its cluster is ready.
const readyWord = "ready"

// supervise runs the cluster in this process.
func (u *up) supervise(ctx context.Context) error {
	// Whoever reads the output may be gone before the cluster is: writing to nobody must not kill the supervisor.
	signal.Ignore(syscall.SIGPIPE)
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if u.untilStdin {
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin)
			stop()
		}()
	}
	report := u.report()
	began := time.Now()
	err := controlplane.Run(ctx, controlplane.Config{
		Dir:       u.dir,
		Ephemeral: u.ephemeral,
		Options:   u.options,
		Version:   componentVersion,
		Step:      func(text string) { say(report, "%v\n", text) },
		Ready: func(s controlplane.State) {
			say(report, "%v\n", readyWord)
			say(u.out, "Ready after %.1f s.\n", time.Since(began).Seconds())
			u.tell(s)
			_ = report.Close()
		},
	})
	if err != nil && u.reportFD != 0 {
		say(report, "%v\n", err)
	}
	return err
}

// report is where the start is told: to the up that waits for it, or else to the person at the terminal.
func (u *up) report() io.WriteCloser {
	if u.reportFD == 0 {
		return noClose{u.err}
	}
	syscall.CloseOnExec(u.reportFD)
	return os.NewFile(uintptr(u.reportFD), "report")
}

type noClose struct{ io.Writer }

func (noClose) Close() error { return nil }

// launch starts a supervisor that outlives this process, and returns when its cluster is ready.
func (u *up) launch(ctx context.Context) error {
	report, cmd, err := u.spawn()
	if err != nil {
		return err
	}
	defer func() { _ = report.Close() }()
	// The supervisor is our child and not waited for, so its process id cannot have gone to another process.
	defer context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(syscall.SIGTERM) })()
	began := time.Now()
	ready := false
	for lines := bufio.NewScanner(report); lines.Scan(); {
		if ready = lines.Text() == readyWord; !ready {
			say(u.err, "%v\n", lines.Text())
		}
	}
	if !ready {
		_ = cmd.Wait()
		if _, running, err := controlplane.Owner(u.dir); running && err == nil {
			return u.keep(ctx) // that of another up, which was faster
		}
		return errNotReady
	}
	state, _, err := controlplane.ReadState(u.dir)
	if err != nil {
		return err
	}
	say(u.out, "Ready after %.1f s.\n", time.Since(began).Seconds())
	u.tell(state)
	return nil
}
