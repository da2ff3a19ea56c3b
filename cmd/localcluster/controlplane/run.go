package controlplane

import (
	"context"
	"errors"
	"os"
	"strings"
	"syscall"
)

// Config is what [Run] runs.
type Config struct {
	Dir       Dir  // an absolute path
	Ephemeral bool // remove Dir at the end, logs too
	Options   Options
	Version   func(component string) string // what to write into the state
	Step      func(text string)             // told what is waited for, for a person to read
	Ready     func(State)                   // told once that the cluster serves
}

// Run runs a new cluster in cfg.Dir until ctx ends, which is no error, or until one of its components does, which is a
// [*DiedError]. When it returns, no process is left and all ports are free. A *[RunningError] says that the folder has a
// supervisor already; this process owns it from now on until it is gone, so Run is for once in its life.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Options.Validate(); err != nil {
		return err
	}
	if err := cfg.Dir.Claim(); err != nil {
		return err
	}
	if err := acquire(cfg.Dir); err != nil {
		return err
	}
	var err error
	for range startAttempts {
		if err = supervise(ctx, cfg); !portTaken(err) {
			break
		}
	}
	if errors.Is(err, errEnded) {
		err = nil
	}
	if cfg.Ephemeral {
		return errors.Join(err, os.RemoveAll(string(cfg.Dir)))
	}
	return errors.Join(err, cfg.Dir.clear())
}

// startAttempts is for ports that were free when they were chosen and are taken when they are needed.
const startAttempts = 3

func portTaken(err error) bool {
	var died *DiedError
	return errors.As(err, &died) && strings.Contains(died.Tail, syscall.EADDRINUSE.Error())
}

// errEnded is the reason of an end that was asked for.
var errEnded = errors.New("asked to end")

// supervise returns the reason why the cluster ended; it does not end before.
func supervise(parent context.Context, cfg Config) error {
	ctx, end := context.WithCancelCause(context.WithoutCancel(parent))
	defer end(nil)
	defer context.AfterFunc(parent, func() { end(errEnded) })()
	if err := cfg.Dir.reset(); err != nil {
		return err
	}
	f, err := newFleet(cfg.Dir, end)
	if err != nil {
		return err
	}
	defer f.stop()
	state, err := bringUp(ctx, cfg, f)
	if err != nil && ctx.Err() == nil {
		return err
	}
	if err == nil {
		cfg.Ready(state)
	}
	<-ctx.Done()
	return context.Cause(ctx)
}
