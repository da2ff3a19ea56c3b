package controlplane

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// NotRunningError says that no cluster runs in a folder, or that it is not ready yet.
type NotRunningError struct {
	Dir      Dir
	Starting bool
}

func (e *NotRunningError) Error() string {
	if e.Starting {
		return fmt.Sprintf("the cluster in %s is still starting", e.Dir)
	}
	return fmt.Sprintf("no cluster runs in %s; start one with: up", e.Dir)
}

// Current returns the state of the ready cluster in d, or a *NotRunningError.
func Current(d Dir) (State, error) {
	_, running, err := Owner(d)
	if err != nil {
		return State{}, err
	}
	if !running {
		return State{}, &NotRunningError{Dir: d}
	}
	state, _, err := ReadState(d)
	if err == nil && !state.Ready {
		err = &NotRunningError{Dir: d, Starting: true}
	}
	return state, err
}

// AwaitReady returns the state of the cluster in d when it is ready. It returns a *NotRunningError when its supervisor
// ends before.
func AwaitReady(ctx context.Context, d Dir) (state State, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTimeout, errSlow)
	defer cancel()
	var gone error
	err = await(ctx, "the cluster", func(context.Context) error {
		var none *NotRunningError
		state, err = Current(d)
		if errors.As(err, &none) && !none.Starting {
			gone = err
			return nil
		}
		return err
	})
	return state, errors.Join(gone, err)
}

// endTimeout is how long a supervisor may take to end; then it is killed, which ends its components, too.
const endTimeout = 10 * time.Second

// End ends the cluster in d, and says whether there was one. It returns when the supervisor is gone and the ports are
// free. Only the process that the kernel names as the owner of d is sent a signal.
func End(ctx context.Context, d Dir) (bool, error) {
	_, running, err := Owner(d)
	if err != nil || !running {
		return false, err
	}
	state, _, err := ReadState(d)
	if err != nil {
		return true, err
	}
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		if err = signalOwner(ctx, d, signal); err == nil {
			return true, awaitPorts(ctx, state.Ports)
		}
	}
	return true, err
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

// NodeStatus is a node as the API server sees it.
type NodeStatus struct {
	Name   string `json:"name"`
	Ready  bool   `json:"ready"`
	CPU    string `json:"cpu"`
	Memory string `json:"memory"`
	Pods   string `json:"pods"`
}

// Nodes asks the API server for its nodes.
func Nodes(ctx context.Context, kubeconfig string) ([]NodeStatus, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	list, err := c.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	nodes := make([]NodeStatus, 0, len(list.Items))
	for _, n := range list.Items {
		room := n.Status.Allocatable
		nodes = append(nodes, NodeStatus{
			Name: n.Name, Ready: nodeReady(&n),
			CPU: room.Cpu().String(), Memory: room.Memory().String(), Pods: room.Pods().String(),
		})
	}
	return nodes, nil
}
