package controlplane

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"syscall"
)

// RunningError says that another process owns the folder.
type RunningError struct {
	Dir        Dir
	Supervisor int // its process id; 0 when the system does not tell
}

func (e *RunningError) Error() string {
	return fmt.Sprintf("a cluster runs in %s already, supervised by process %d", e.Dir, e.Supervisor)
}

// acquire makes this process the owner of d until it is gone: the kernel sees to that, so a lock is never stale, and
// who waits for the lock waits for the process. It returns a *RunningError when another process is the owner.
func acquire(d Dir) error {
	// Not an os.File: that would be closed, and the lock lost, once nothing refers to it.
	fd, err := syscall.Open(d.lock(), syscall.O_RDWR|syscall.O_CREAT|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return fmt.Errorf("open lock %s: %w", d.lock(), err)
	}
	err = syscall.FcntlFlock(uintptr(fd), syscall.F_SETLK, wholeFile())
	if err == nil {
		return nil
	}
	_ = syscall.Close(fd)
	if !errors.Is(err, syscall.EACCES) && !errors.Is(err, syscall.EAGAIN) {
		return fmt.Errorf("lock %s: %w", d.lock(), err)
	}
	pid, _, err := Owner(d)
	return errors.Join(&RunningError{Dir: d, Supervisor: pid}, err)
}

// Owner returns the process that supervises a cluster in d, and whether there is one. The process id comes from the
// kernel's record of the lock, not from a file, so it cannot be that of a process which took the number over. A process
// does not see its own lock, and must not ask for it: closing any descriptor of the file gives the lock up.
func Owner(d Dir) (pid int, running bool, err error) {
	f, err := os.OpenFile(d.lock(), os.O_RDWR, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("open lock: %w", err)
	}
	defer func() { _ = f.Close() }()
	lock := wholeFile()
	if err := syscall.FcntlFlock(f.Fd(), syscall.F_GETLK, lock); err != nil {
		return 0, false, fmt.Errorf("read lock: %w", err)
	}
	return int(lock.Pid), lock.Type != syscall.F_UNLCK, nil
}

func wholeFile() *syscall.Flock_t {
	return &syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart}
}
