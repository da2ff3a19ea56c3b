package sync

import (
	"context"
	"runtime/debug"
	"time"

	"go.uber.org/zap"
)

// retire ends the care for an app that has left, as it asked for: see [Reconciler.Retire].
func (f *Fleet) retire(ctx context.Context, m *member) {
	m.stop()
	<-m.done
	f.depart(ctx, m.app)
}

// depart runs the retirement of an app until it is done. What is in its way is told, and tried again at growing pauses.
func (f *Fleet) depart(ctx context.Context, app App) {
	m, ctx := f.enlist(ctx, app, true)
	if m.reconciler == nil {
		close(m.done)
		return
	}
	f.claims.resign(app)
	go func() {
		defer close(m.done)
		var retries backoff
		for ctx.Err() == nil {
			err := f.attempt(ctx, m)
			if err == nil {
				f.mu.Lock()
				f.left = append(f.left, m)
				f.mu.Unlock()
				f.news.Poke()
				return
			}
			sleep(ctx, retries.next(firstRetry, lastRetry), m.wake)
		}
	}()
}

// attempt is one try of [Fleet.depart]. One that panics has failed, and takes nothing else with it.
func (f *Fleet) attempt(ctx context.Context, m *member) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			f.Log.Error("panic", zap.String("app", m.app.Name), zap.Any("cause", cause), zap.ByteString("stack", debug.Stack()))
			err = m.reconciler.begin().failed(ctx, StepPrune, &PanicError{cause})
		}
	}()
	return m.reconciler.Retire(ctx)
}

// insist has an app that leaves try again, once its set says something else about how: more may be deleted than before,
// or nothing at all any more.
func (f *Fleet) insist(ctx context.Context, m *member) {
	app := m.app
	for _, set := range f.roster.Sets {
		if set.App.Set == app.Set {
			app.AllowPrune, app.Prune = set.App.AllowPrune, app.Prune && set.App.Prune
		}
	}
	if sameApp(app, m.app) {
		return
	}
	m.stop()
	<-m.done
	f.depart(ctx, app)
}

// farewell forgets the apps whose retirement has ended.
func (f *Fleet) farewell(ctx context.Context) {
	f.mu.Lock()
	left := f.left
	f.left = nil
	f.mu.Unlock()
	for _, m := range left {
		if f.members[m.app.Name] != m {
			continue // it has come back
		}
		delete(f.members, m.app.Name)
		f.claims.leave(m.app.Name)
		f.board.Observe(ctx, Event{App: m.app.Name, At: time.Now(), Left: true, Retired: true})
	}
}

// resume goes on with the retirement of an app that no daemon looks after, if it is the fleet's to keep.
func (f *Fleet) resume(ctx context.Context, app App) {
	if f.shiftOf(app.Name) == nil {
		return
	}
	f.board.Observe(ctx, Event{App: app.Name, At: time.Now(), Joined: &app})
	f.depart(ctx, app)
}

// finish goes on, once a daemon, with what a daemon before has begun to retire and did not live to end: apps of one of
// the repositories that nothing in the config is about any more.
func (f *Fleet) finish(ctx context.Context, wanted map[string]App) {
	if f.finished || !f.recalled(ctx) {
		return
	}
	f.finished = true
	for _, record := range f.records {
		_, is := wanted[record.App]
		feed := f.roster.feedOf(record.Source)
		if !record.Leaving || is || f.members[record.App] != nil || feed == "" || f.roster.refuses(record.App) || f.roster.has(record.Set) {
			continue
		}
		f.resume(ctx, App{
			Name: record.App, Repository: record.Source, Feed: feed, Set: record.Set, Path: record.Path,
			ServiceAccount: record.Account, Prune: record.Prune,
		})
	}
}
