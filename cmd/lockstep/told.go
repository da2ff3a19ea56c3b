package main

import (
	"context"
	"errors"
	"io"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
	"github.com/lockstep-dev/lockstep/sync"
)

// brief makes a view of plain lines leave the cause of a failure to the one line on stderr.
func brief(view sync.Observer) {
	if lines, ok := view.(*live.Lines); ok {
		lines.Brief = true
	}
}

// inLog tells what a run has ended with in its log where that is JSON: all of stderr is read by a program then. It returns the
// exit code of what it has told.
func (f *logFlags) inLog(ctx context.Context, log *zap.Logger, err error) error {
	var code exit
	if f.format != formatJSON || err == nil || errors.As(err, &code) {
		return err
	}
	text := err.Error()
	if isEndOf(ctx, err) {
		text = "interrupted"
	}
	log.Error(text)
	return exit(exitCode(err))
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
