package watch

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/fsnotify/fsnotify"
)

// folders are what is watched. Folders alone are: a file that is replaced would take its watch along.
type folders struct {
	notifier *fsnotify.Watcher
	watched  map[string]os.FileInfo
}

func newFolders(notifier *fsnotify.Watcher) folders {
	return folders{notifier, map[string]os.FileInfo{}}
}

// watch watches what the wanted paths need: the path itself, if it is a folder, its folder, and all folders above, since
// any of them may be replaced. It returns the first error; one with a folder further above is none, since many of those
// may be nobody else's business.
func (f folders) watch(paths wanted) error {
	var failed error
	needed := map[string]bool{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for {
			chain := existing(path)
			for i, folder := range chain {
				needed[folder] = true
				err := f.add(folder)
				if failed == nil && err != nil && !errors.Is(err, fs.ErrNotExist) && i >= len(chain)-2 {
					failed = explain(folder, err)
				}
			}
			if slices.Equal(existing(path), chain) {
				break
			}
			// A folder was made, or went away, a moment before the one above it was watched: once more.
		}
	}
	for folder := range f.watched {
		if !needed[folder] {
			f.remove(folder)
		}
	}
	return failed
}

// add watches the folder: again, even if it seems to be watched, since the watch goes away with a folder and another may
// have taken its name and its inode; and anew, so that none stays behind on a folder that was moved away.
func (f folders) add(folder string) error {
	info, err := os.Stat(folder)
	if err != nil {
		return err
	}
	if old, ok := f.watched[folder]; ok && !os.SameFile(old, info) {
		f.remove(folder)
	}
	if err := f.notifier.Add(folder); err != nil {
		return err
	}
	f.watched[folder] = info
	return nil
}

func (f folders) remove(folder string) {
	delete(f.watched, folder)
	_ = f.notifier.Remove(folder) // it is gone already when the folder is
}

// existing returns path and the folders above it as far as they are folders, from the top.
func existing(path string) []string {
	var chain []string
	for {
		if info, err := os.Stat(path); err == nil && info.IsDir() {
			chain = append(chain, path)
		}
		above := filepath.Dir(path)
		if above == path {
			slices.Reverse(chain)
			return chain
		}
		path = above
	}
}
