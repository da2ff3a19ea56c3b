// Package lifeline ends a child process when its parent is gone, however the parent went.
//
// The parent holds the write end of a pipe that nobody writes to; each child inherits the read end and exits when a read
// of it ends. The kernel closes the write end even when the parent is killed with SIGKILL, so this works where a handler
// or a deferred call would not run. Linux has PR_SET_PDEATHSIG for that; macOS has nothing of the kind, a pipe is both.
package lifeline
