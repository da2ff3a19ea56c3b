package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"
)

// endTimeout is how long a supervisor may take to end; then it is killed, which ends its components, too.
const endTimeout = 10 * time.Second

// End ends the cluster in d, and says whether there was one. It returns when the supervisor is gone and the ports are
// free. Only the process that the kernel names as the owner of d is sent a signal.
func End(ctx context.Context, d Dir) (bool, error) {
	_, running, err := Owner(d)
	if err != nil {
		return false, err
	}
	if !running {
		return false, sweep(d)
	}
	state, _, err := ReadState(d)
	if err != nil {
		return true, err
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err = signalOwner(ctx, d, signal); err == nil {
			return true, errors.Join(awaitPorts(ctx, state.Ports), sweep(d))
		}
	}
	return true, err
}

// sweep removes the keys and the data that a supervisor which was killed could not.
func sweep(d Dir) error {
	_, left, err := ReadState(d)
	if err != nil || !left {
		return err
	}
	if err := acquire(d); err != nil {
		return err
	}
	return d.clear()
}

func signalOwner(ctx context.Context, d Dir, signal syscall.Signal) error {
	pid, running, err := Owner(d)
	if err != nil || !running {
		return err
	}
	if pid <= 0 {
		return fmt.Errorf("the supervisor of %s is a process that cannot be seen from here", d)
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return fmt.Errorf("end supervisor %d: %w", pid, err)
	}
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	return await(ctx, "the supervisor's end", func(context.Context) error {
		_, running, err := Owner(d)
		if err == nil && running {
			err = fmt.Errorf("process %d still runs", pid)
		}
		return err
	})
}

// awaitPorts waits until nobody listens: after a supervisor was killed its components need a moment to notice.
func awaitPorts(ctx context.Context, ports []int) error {
	ctx, cancel := context.WithTimeout(ctx, endTimeout)
	defer cancel()
	for _, port := range ports {
		address := net.JoinHostPort(loopback, strconv.Itoa(port))
		if err := await(ctx, "port "+address, func(ctx context.Context) error {
			conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
			if err != nil {
				return nil //nolint:nilerr // refused is what is waited for
			}
			return errors.Join(fmt.Errorf("%s still listens", address), conn.Close())
		}); err != nil {
			return err
		}
	}
	return nil
}
