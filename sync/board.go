package sync

import (
	"context"
	"fmt"
	stdsync "sync"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// board knows which apps of a fleet are healthy, and at which commit. It is an [Observer].
type board struct {
	next Observer

	mu   stdsync.Mutex
	apps map[string]standing
	news chan struct{} // closed, and replaced, whenever a standing changes
}

// standing is what one app is at.
type standing struct {
	state State
	at    git.Revision
}

func newBoard(next Observer) *board {
	return &board{next: next, apps: map[string]standing{}, news: make(chan struct{})}
}

// Observe notes what event says of its app, and passes it on.
func (b *board) Observe(ctx context.Context, event Event) {
	b.note(event)
	b.next.Observe(ctx, event)
}

func (b *board) note(event Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	before := b.apps[event.App]
	after := before
	switch {
	case event.Left:
		after = standing{}
	case event.Joined != nil && event.Joined.Suspend:
		after.state = Suspended
	case event.Snapshot != nil:
		after.state = Syncing
	case event.Same != nil:
		after.at = event.Revision
	case event.Record != nil:
		after = standing{event.Record.State, event.Revision}
	case event.Err != nil:
		after.state = event.Err.State()
	case event.Report != nil && before.state == Healthy && event.Report.Status != health.Current:
		after.state = Progressing
	case event.Report != nil && before.state == Progressing && event.Report.Status == health.Current:
		after.state = Healthy
	}
	if after == before {
		return
	}
	b.apps[event.App] = after
	close(b.news)
	b.news = make(chan struct{})
}

// missing says which of the apps that app depends on is not healthy yet, in words; empty when all are. Of an app from the
// same repository it has to be the same commit.
func (b *board) missing(app App, feeds map[string]string, at git.Revision) (waits string, news <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range app.DependsOn {
		is := b.apps[name]
		state := is.state
		if state == "" {
			state = Pending
		}
		switch {
		case state != Healthy:
			return fmt.Sprintf("waits for the app %q, which is %s", name, state), b.news
		case feeds[name] == app.Feed && is.at != at:
			return fmt.Sprintf("waits for the app %q, which is at %s", name, is.at), b.news
		}
	}
	return "", b.news
}
