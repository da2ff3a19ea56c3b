package main

import (
	"context"
	"errors"
	"io"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync"
)

// brief makes a view of plain lines leave the cause of a failure to the one line on stderr.
func brief(view sync.Observer) {
	if lines, ok := view.(*live.Lines); ok {
		lines.Brief = true
	}
}

// unlessTold returns a pass's error as its exit code alone where view has told it to whoever reads stderr: in the log that
// is written there, or on the same terminal.
func unlessTold(ctx context.Context, err error, view sync.Observer, stderr io.Writer) error {
	if _, isPass := errors.AsType[*sync.Error](err); !isPass || ctx.Err() != nil {
		return err
	}
	_, told := view.(*logObserver)
	if _, ok := view.(*live.Terminal); ok {
		file, isFile := stdoutFile(stderr)
		told = isFile && live.IsTerminal(file)
	}
	if told {
		return exit(exitCode(err))
	}
	return err
}
