package watch

import (
	"errors"
	"fmt"
	"syscall"
)

// explain names the limit that was hit; the system's own words for it are "no space left on device".
func explain(path string, err error) error {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return fmt.Errorf("watch %s: out of inotify watches, raise the sysctl fs.inotify.max_user_watches: %w", path, err)
	case errors.Is(err, syscall.EMFILE):
		return fmt.Errorf("watch %s: out of inotify instances, raise the sysctl fs.inotify.max_user_instances, or of open files: %w", path, err)
	}
	return fmt.Errorf("watch %s: %w", path, err)
}
