package sync

import (
	"context"
	"errors"
	"maps"
	"slices"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/git"
)

// unfollowed is the source of an app whose repository the roster does not have: it leaves as well, or before the app.
type unfollowed struct{}

// Fetch implements [Source].
func (unfollowed) Fetch(context.Context) (git.Snapshot, error) {
	return git.Snapshot{}, errors.New("repository is not followed any more")
}

func (f *Fleet) run(ctx context.Context, feed *Feed) *running {
	ctx, stop := context.WithCancel(ctx)
	r := &running{feed: feed, stop: stop, done: make(chan struct{})}
	feed.listen(f.news.Poke)
	feed.berths, feed.log = f.berths, f.Log
	go func() {
		defer close(r.done)
		if err := feed.Run(ctx); err != nil {
			f.Log.Error("repository is not followed", zap.Error(err))
		}
	}()
	return r
}

// follow has the apps of the feeds that moved look at their new commit.
func (f *Fleet) follow(ctx context.Context) {
	f.arrange(ctx)
	for name, r := range f.feeds {
		snapshot, err := r.feed.news()
		if snapshot.Revision.IsZero() && err == nil {
			continue // nothing was fetched since the last look
		}
		all := err != nil || r.failed
		r.failed = err != nil
		kept := f.wake(name, snapshot, all)
		for _, m := range kept {
			m.reconciler.KeepUp(ctx, snapshot)
		}
	}
}

// wake wakes the apps of a feed that a commit concerns, and returns the others: healthy apps whose files are as they were.
// With all every app is woken. All paths are looked up together, so that folders above them are read once.
func (f *Fleet) wake(feed string, snapshot git.Snapshot, all bool) (kept []*member) {
	made := map[*member]reads{}
	var paths []string
	for _, m := range f.members {
		if m.app.Feed != feed || m.leaving || m.app.Suspend || m.reconciler == nil {
			continue
		}
		made[m] = m.reconciler.settledOn()
		paths = slices.AppendSeq(paths, maps.Keys(made[m]))
	}
	hashes, err := snapshot.Hashes(paths)
	for m, reads := range made {
		if all || err != nil || !reads.in(hashes) {
			m.wake.Poke()
		} else {
			kept = append(kept, m)
		}
	}
	return kept
}
