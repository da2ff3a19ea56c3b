package watch

import (
	"context"
	stdsync "sync"
	"time"

	"github.com/fsnotify/fsnotify"
)

// run is one run of a Watcher.
type run struct {
	Watcher
	folders folders
	wanted  wanted
	events  <-chan fsnotify.Event
	lost    chan struct{} // holds a value when notifications were lost
	reader  stdsync.WaitGroup
	told    string // the reason that was told last
}

func newRun(w Watcher, notifier *fsnotify.Watcher) *run {
	r := &run{Watcher: w, folders: newFolders(notifier), events: notifier.Events, lost: make(chan struct{}, 1)}
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
	_ = r.folders.notifier.Close()
	r.reader.Wait()
}

func (r *run) loop(ctx context.Context, ticker *time.Ticker) {
	var settled <-chan time.Time // nil while nothing has changed
	r.refresh()
	for {
		select {
		case <-ctx.Done():
			return
		case event := <-r.events:
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
	r.wanted = newWanted(r.Paths())
	err := r.folders.watch(r.wanted)
	if err == nil {
		r.told = ""
	} else if err.Error() != r.told {
		r.told = err.Error()
		r.degraded(err)
	}
}
