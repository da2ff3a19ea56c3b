package controlplane

import (
	"context"
	"errors"
	"fmt"
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
	pid, running, err := Owner(d)
	if err != nil {
		return State{}, err
	}
	if !running {
		return State{}, &NotRunningError{Dir: d}
	}
	state, _, err := ReadState(d)
	if err == nil && (!state.Ready || state.Supervisor != pid) { // it may be that of an earlier supervisor
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
