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
// free. Only the process that the kernel names as the owner of d is sent a signal. The keys and the data are removed,
// also those that a supervisor which was killed left behind.
func End(ctx context.Context, d Dir) (ended bool, err error) {
	state, left, err := ReadState(d) // now: a supervisor that ends well removes it
	if err != nil {
		return false, err
	}
	if ended, err = endOwner(ctx, d); err != nil || !left {
		return ended, err
	}
	if err := awaitPorts(ctx, state.Ports); err != nil && ended {
		return ended, err // of a cluster that had ended before, the ports may be somebody else's by now
	}
	if err := acquire(d); err != nil {
		return ended, err
	}
	return ended, d.clear()
}

func endOwner(ctx context.Context, d Dir) (ended bool, err error) {
	_, running, err := Owner(d)
	if err != nil || !running {
		return false, err
	}
	if err = signalOwner(ctx, d, syscall.SIGTERM); err != nil {
		err = signalOwner(ctx, d, syscall.SIGKILL)
	}
	return err == nil, err
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
	const moment = 2 * time.Second
	ctx, cancel := context.WithTimeout(ctx, moment)
	defer cancel()
	for _, port := range ports {
		address := net.JoinHostPort(loopback, strconv.Itoa(port))
		err := await(ctx, "the end of the components", func(ctx context.Context) error {
			if conn, _ := (&net.Dialer{}).DialContext(ctx, "tcp", address); conn != nil {
				return errors.Join(fmt.Errorf("%s still listens", address), conn.Close())
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
