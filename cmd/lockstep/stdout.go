package main

import (
	"cmp"
	"errors"
	"io"
	stdsync "sync"

	"golang.org/x/term"
)

// printed is the standard output of a command, and remembers the first write that has failed: whoever reads a table that is cut
// short takes it for a whole one.
type printed struct {
	io.Writer

	mu  stdsync.Mutex
	err *writeError
}

// writeError is that of a write to the standard output.
type writeError struct{ err error }

func (e *writeError) Error() string { return "the output cannot be written: " + e.err.Error() }
func (e *writeError) Unwrap() error { return e.err }

// Write implements [io.Writer].
func (o *printed) Write(p []byte) (int, error) {
	n, err := o.Writer.Write(p)
	if err == nil {
		return n, nil
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.err = cmp.Or(o.err, &writeError{err})
	return n, o.err
}

// failed is the error of the first write that has failed, nil for none.
func (o *printed) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err == nil {
		return nil
	}
	return o.err
}

// told reports whether err only says that a write has failed, as [printed.failed] does.
func (o *printed) told(err error) bool {
	_, is := errors.AsType[*writeError](err)
	return is
}

// judge returns the exit code of a command that would have ended with code: what it came to is not known to whoever was to
// read it, unless the code itself says that something is wrong.
func (o *printed) judge(code int) int {
	if o.failed() != nil && (code == exitHealthy || code == exitChanges) {
		return exitError
	}
	return code
}

// isTerminal reports whether w is one. What draws on a terminal has to have it as it is, and sees for itself when it is gone.
func isTerminal(w io.Writer) bool {
	file, isFile := stdoutFile(w)
	return isFile && term.IsTerminal(int(file.Fd()))
}
