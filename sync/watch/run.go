package watch

import (
	"context"
	"os"
	"path/filepath"
	stdsync "sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// run is one run of a Watcher.
type run struct {
	Watcher
	notifier *fsnotify.Watcher
	wanted   wanted
	lost     chan struct{} // holds a value when notifications were lost
	reader   stdsync.WaitGroup
	told     string // the reason that was told last
}

func newRun(w Watcher, notifier *fsnotify.Watcher) *run {
	r := &run{Watcher: w, notifier: notifier, lost: make(chan struct{}, 1)}
	// Apart from the loop: fsnotify can hold, while it hands over an error, the lock that Add waits for.
	r.reader.Go(func() {
		for range notifier.Errors {
			select {
			case r.lost <- struct{}{}:
			default:
			}
		}
	})
	return r
}

func (r *run) close() {
	_ = r.notifier.Close()
	r.reader.Wait()
}

func (r *run) loop(ctx context.Context, ticker *time.Ticker) {
	var settled <-chan time.Time // nil while nothing has changed
	r.refresh()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-r.notifier.Events:
			if settled == nil && r.wanted.by(event) {
				settled = time.After(settle)
			}
			continue
		case <-r.lost:
		case <-settled:
		case <-ticker.C:
		}
		settled = nil
		r.refresh() // first, so that what Changed does not see yet is notified
		r.Changed()
	}
}

// refresh watches the folders that matter now, and no others.
func (r *run) refresh() {
	var failed error
	r.wanted = newWanted(r.Paths())
	folders := map[string]bool{}
	for path := range r.wanted {
		if err := r.add(path, folders); err != nil {
			failed = err
		}
	}
	for _, folder := range r.notifier.WatchList() {
		if !folders[folder] {
			_ = r.notifier.Remove(folder) // it may be gone by itself
		}
	}
	r.tell(failed)
}

// add watches the folder of path, and path itself if that is a folder, again each time: the folder may be another one
// of the same name by now. Where there is none it watches the nearest one above, and looks again, since the missing one
// may have been made a moment before the watch was there.
func (r *run) add(path string, folders map[string]bool) error {
	if isFolder(path) {
		folders[path] = true
		if err := r.notifier.Add(path); err != nil && isFolder(path) {
			return explain(path, err)
		}
	}
	for {
		folder := nearest(filepath.Dir(path))
		folders[folder] = true
		if err := r.notifier.Add(folder); err != nil && isFolder(folder) {
			return explain(folder, err)
		}
		if nearest(filepath.Dir(path)) == folder {
			return nil
		}
	}
}

func (r *run) tell(err error) {
	if err == nil {
		r.told = ""
	} else if err.Error() != r.told {
		r.told = err.Error()
		r.degraded(err)
	}
}

// nearest returns folder, or the nearest one above it that there is.
func nearest(folder string) string {
	for !isFolder(folder) && folder != filepath.Dir(folder) {
		folder = filepath.Dir(folder)
	}
	return folder
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}
