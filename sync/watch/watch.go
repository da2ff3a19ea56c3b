package watch

import (
	"context"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long the first of several changes waits for the others: git writes a lock file, then renames it.
const settle = 1 * time.Millisecond

// Watcher calls a func when files change.
type Watcher struct {
	// Paths returns the files and folders to watch; it is asked again before each call of Changed. A change of a file,
	// and of what is directly in a folder, counts, also when the path or the folders above it appear later or are
	// replaced. A file behind a symbolic link counts as changed when anything beside the link does.
	Paths func() []string
	// Floor is the longest time between two calls of Changed; it is above zero.
	Floor time.Duration
	// Changed is called after changes, several of which may become one call, and every Floor. The next call does not
	// begin before it returns; a change meanwhile calls it again, so it should be short.
	Changed func()
	// Degraded, unless nil, is called with the reason when, from now on, some changes are found at the pace of Floor
	// alone. A reason is told once, and again when it has passed and is back.
	Degraded func(error)
}

// Run watches until ctx ends, and leaves nothing behind. It does not fail: without notifications the ticker remains.
func (w Watcher) Run(ctx context.Context) {
	ticker := time.NewTicker(w.Floor)
	defer ticker.Stop()
	notifier, err := fsnotify.NewWatcher()
	if err != nil {
		w.degraded(explain("files", err))
		w.tick(ctx, ticker)
		return
	}
	r := newRun(w, notifier)
	defer r.close()
	r.loop(ctx, ticker)
}

func (w Watcher) degraded(err error) {
	if w.Degraded != nil {
		w.Degraded(err)
	}
}

// tick is what remains without notifications.
func (w Watcher) tick(ctx context.Context, ticker *time.Ticker) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			w.Changed()
		}
	}
}
