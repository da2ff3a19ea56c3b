package sync

import (
	"context"
	"errors"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
)

// member is one app of a fleet, and what runs for it.
type member struct {
	app        App
	reconciler *Reconciler
	wake       Wake
	leaving    bool
	stop       context.CancelFunc
	done       chan struct{}
}

// start has an app looked after.
func (f *Fleet) start(ctx context.Context, app App) {
	m, ctx := f.enlist(ctx, app, false)
	f.board.Observe(ctx, Event{App: app.Name, At: time.Now(), Joined: &app})
	if m.reconciler == nil || app.Suspend {
		close(m.done)
		return
	}
	f.claims.join(app)
	loop := &Loop{
		Reconciler: m.reconciler, Interval: f.Interval, Wake: m.wake, Log: f.Log,
		Ready: func(ctx context.Context) { f.ready(ctx, m) },
	}
	go func() {
		defer close(m.done)
		if err := loop.Run(ctx); err != nil {
			f.Log.Error("app is not looked after", zap.String("app", app.Name), zap.Error(err))
		}
	}()
}

// enlist makes a member of an app. One that cannot be wired is told as failed, and has no reconciler.
func (f *Fleet) enlist(ctx context.Context, app App, leaving bool) (*member, context.Context) {
	ctx, stop := context.WithCancel(ctx)
	m := &member{app: app, wake: NewWake(), leaving: leaving, stop: stop, done: make(chan struct{})}
	f.members[app.Name] = m
	f.mu.Lock()
	f.feedOf[app.Name] = app.Feed
	f.mu.Unlock()
	r, err := f.Build(app)
	if err != nil {
		f.board.Observe(ctx, Event{App: app.Name, At: time.Now(), Step: StepLoad, Err: &Error{Step: StepLoad, App: app.Name, Err: err}})
		return m, ctx
	}
	r.App, r.Pool, r.Claims, r.Observer, r.Newer = app, f.pool, f.claims, f.board, m.wake
	if held := f.feeds[app.Feed]; held != nil {
		r.Source = held.feed
	}
	m.reconciler = r
	return m, ctx
}

// at is the newest commit of the app's repository.
func (m *member) at() git.Revision {
	feed, ok := m.reconciler.Source.(*Feed)
	if !ok {
		return git.Revision{}
	}
	return feed.last().Revision
}

// ready waits until the apps that m's depends on are healthy. What was applied already is kept in step meanwhile.
func (f *Fleet) ready(ctx context.Context, m *member) {
	said := ""
	for len(m.app.DependsOn) > 0 {
		snapshot, _ := m.reconciler.Source.Fetch(ctx) // an error is the pass's to tell
		if m.reconciler.holds(snapshot) {
			return
		}
		f.mu.Lock()
		waits, news := f.board.missing(m.app, f.feedOf, snapshot.Revision)
		f.mu.Unlock()
		if waits == "" {
			return
		}
		if waits != said {
			said = waits
			f.board.Observe(ctx, Event{App: m.app.Name, At: time.Now(), Revision: snapshot.Revision, Waits: waits})
		}
		select {
		case <-news:
		case <-m.wake:
		case <-ctx.Done():
			return
		}
	}
}

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
	f.claims.join(app)
	f.claims.claim(app, m.at(), nil)
	go func() {
		defer close(m.done)
		var retries backoff
		for ctx.Err() == nil {
			err := m.reconciler.Retire(ctx)
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

// sleep returns after a pause, when it is woken, or when ctx ends.
func sleep(ctx context.Context, pause time.Duration, wake Wake) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
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
		f.board.Observe(ctx, Event{App: m.app.Name, At: time.Now(), Left: true})
	}
}

// recall reads what is on record of all apps, unless it has been read.
func (f *Fleet) recall(ctx context.Context) {
	if f.Records == nil || f.read {
		return
	}
	records, err := f.Records(ctx)
	if err != nil {
		f.warn("apps that left before cannot be looked for", err)
		return
	}
	f.records, f.read = records, true
}

// seek retires, once a set and daemon, the apps that are on record as the set's and that its folders do not have any more,
// and those whose leaving was begun by a daemon before.
func (f *Fleet) seek(ctx context.Context, set Set, wanted map[string]App) {
	feed := f.feeds[set.App.Feed]
	if f.Records == nil || f.sought[set.App.Set] || feed == nil || feed.feed.last().Revision.IsZero() {
		return
	}
	if f.recall(ctx); !f.read {
		return
	}
	f.sought[set.App.Set] = true
	var gone, leaving []*inventory.Inventory
	mine := 0
	for _, record := range f.records {
		if record.Set != set.App.Set || f.roster.refuses(record.App) {
			continue
		}
		_, is := wanted[record.App]
		switch missing := !is && f.members[record.App] == nil; {
		case missing && record.Leaving:
			leaving = append(leaving, record) // that was decided, and is no accident
			continue
		case missing:
			gone = append(gone, record)
		}
		mine++
	}
	if tooFew(mine, len(gone)) {
		f.warn("apps are on record whose folders are gone", errors.New("so many of them that nothing is deleted"), zap.Int("apps", len(gone)))
		gone = nil
	}
	for _, record := range append(leaving, gone...) {
		app := set.App
		app.Name, app.Path, app.Prune, app.ServiceAccount = record.App, record.Path, record.Prune, record.Account
		app.Namespace = strings.ReplaceAll(app.Namespace, AppPlaceholder, record.App)
		f.board.Observe(ctx, Event{App: app.Name, At: time.Now(), Joined: &app})
		f.depart(ctx, app)
	}
}
