package watch

import (
	"os"
	"path/filepath"
	"strings"

	"github.com/fsnotify/fsnotify"
)

// wanted are the paths whose changes count, each with whether all that happens beside it counts as well.
type wanted map[string]bool

func newWanted(paths []string) wanted {
	w := wanted{}
	for _, path := range paths {
		path = filepath.Clean(path)
		info, err := os.Lstat(path)
		w[path] = err == nil && info.Mode()&os.ModeSymlink != 0
		// Events carry one name of a folder that has several.
		if other := resolve(path); other != path {
			w[other] = false
		}
	}
	return w
}

// resolve returns path without symbolic links, as far as it exists.
func resolve(path string) string {
	if resolved, err := filepath.EvalSymlinks(path); err == nil {
		return resolved
	}
	if folder := filepath.Dir(path); folder != path {
		return filepath.Join(resolve(folder), filepath.Base(path))
	}
	return path
}

// by reports whether the event may be a change of a wanted path. Folders hold much else: lock files, an index, objects.
func (w wanted) by(event fsnotify.Event) bool {
	if event.Name == "" || event.Op == fsnotify.Chmod {
		return false
	}
	name := filepath.Clean(event.Name)
	for path, beside := range w {
		switch folder := filepath.Dir(name); {
		case name == path, folder == path: // itself, or a file in it
			return true
		case strings.HasPrefix(path, name+string(filepath.Separator)): // a folder above it
			return true
		case beside && folder == filepath.Dir(path):
			return true
		}
	}
	return false
}
