package sync

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"slices"
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
	shift      *Shift
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
	shift := cmp.Or(f.shiftOf(app.Name), lapsed(ctx))
	ctx, stop := context.WithCancel(shift.ctx)
	m := &member{app: app, wake: NewWake(), leaving: leaving, shift: shift, stop: stop, done: make(chan struct{})}
	f.members[app.Name] = m
	f.mu.Lock()
	f.feedOf[app.Name] = app.Feed
	f.mu.Unlock()
	r, err := f.Build(app)
	if err != nil {
		f.board.Observe(ctx, Event{App: app.Name, At: time.Now(), Step: StepLoad, Err: &Error{Step: StepLoad, App: app.Name, Err: err}})
		return m, ctx
	}
	r.App, r.Pool, r.Claims, r.Observer, r.Newer = app, f.Pool, f.claims, f.board, m.wake
	r.abroad = f.abroad
	if held := f.feeds[app.Feed]; held != nil {
		r.Source = held.feed
	}
	m.reconciler = r
	return m, ctx
}

// ready waits until the apps that m's depends on are healthy. What was applied already is kept in step meanwhile.
func (f *Fleet) ready(ctx context.Context, m *member) {
	said := ""
	for len(m.app.DependsOn) > 0 {
		snapshot, _ := m.reconciler.Source.Fetch(ctx) // an error is the pass's to tell
		if m.reconciler.holds(snapshot) {
			return
		}
		waits, news, cycle := f.waits(ctx, m.app, snapshot)
		if waits == "" {
			return
		}
		if waits+text(cycle) != said {
			said = waits + text(cycle)
			event := Event{App: m.app.Name, At: time.Now(), Revision: snapshot.Revision, Waits: waits}
			if cycle != nil {
				event.Waits, event.Step, event.Err = "", StepLoad, &Error{Step: StepLoad, App: m.app.Name, Err: cycle}
			}
			f.board.Observe(ctx, event)
		}
		looking, end := context.WithCancel(ctx)
		if f.abroad.has(m.app.DependsOn) {
			looking, end = context.WithTimeout(ctx, abroadLook)
		}
		select {
		case <-news:
		case <-m.wake:
		case <-looking.Done():
		}
		end()
		if ctx.Err() != nil {
			return
		}
	}
}

// waits says what an app waits for, empty when it need not, and whether it does so for ever, since it waits for itself.
func (f *Fleet) waits(ctx context.Context, app App, snapshot git.Snapshot) (waits string, news <-chan struct{}, cycle error) {
	here := app
	here.DependsOn = slices.DeleteFunc(slices.Clone(app.DependsOn), func(name string) bool { return f.abroad.has([]string{name}) })
	f.mu.Lock()
	waits, news = f.board.missing(here, f.feedOf, snapshot.Revision)
	if way := f.cycles[app.Name]; way != "" {
		cycle = fmt.Errorf("%w: %s", ErrCycle, way)
	}
	f.mu.Unlock()
	if waits == "" {
		waits = f.abroad.missing(ctx, app, snapshot)
	}
	return waits, news, cycle
}

// entangle notes which apps wait for themselves, and has those told of it for which that is news.
func (f *Fleet) entangle(wanted map[string]App) {
	dependencies := make(map[string][]string, len(wanted))
	for name, app := range wanted {
		dependencies[name] = app.DependsOn
	}
	now := Cycles(dependencies)
	f.mu.Lock()
	before := f.cycles
	f.cycles = now
	f.mu.Unlock()
	for name, m := range f.members {
		if now[name] != before[name] {
			m.wake.Poke()
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
	f.claims.resign(app)
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

// recalled reads what is on record, if there are apps to keep, and reports whether it is known.
func (f *Fleet) recalled(ctx context.Context) bool {
	if len(f.shifts) > 0 {
		f.recall(ctx)
	}
	return len(f.shifts) > 0 && f.read
}

// recall reads what is on record of all apps, unless it has been read.
func (f *Fleet) recall(ctx context.Context) {
	if f.Records == nil || f.read {
		return
	}
	records, err := f.Records(ctx)
	switch {
	case ctx.Err() != nil || isNetwork(err):
		return // of a cluster that is away the apps themselves say so
	case err != nil:
		f.warn("apps that left before cannot be looked for", err)
		return
	}
	f.records, f.read = records, true
}

// seek looks, once a set and daemon, for the apps that are on record as the set's and that its folders do not have any
// more. They are retired, but when so many are missing that this looks like an accident: then each is looked after, and
// says for itself that its path is gone. Those whose leaving was begun by a daemon before go in any case.
func (f *Fleet) seek(ctx context.Context, set Set, wanted map[string]App) {
	feed := f.feeds[set.App.Feed]
	if f.sought[set.App.Set] || feed == nil || feed.feed.last().Revision.IsZero() || !f.recalled(ctx) {
		return
	}
	f.sought[set.App.Set] = true
	var gone []App
	mine := 0
	for _, record := range f.records {
		if record.Set != set.App.Set || f.roster.refuses(record.App) {
			continue
		}
		_, is := wanted[record.App]
		switch missing := !is && f.members[record.App] == nil; {
		case missing && record.Leaving:
			f.resume(ctx, set.recorded(record)) // that was decided, and is no accident
			continue
		case missing:
			gone = append(gone, set.recorded(record))
		}
		mine++
	}
	accident := tooFew(mine, len(gone))
	for _, app := range gone {
		if accident {
			wanted[app.Name] = app
		} else {
			f.resume(ctx, app)
		}
	}
}

// recorded is an app of the set as it is on record.
func (s Set) recorded(record *inventory.Inventory) App {
	app := s.App
	app.Name, app.Path, app.Prune, app.ServiceAccount = record.App, record.Path, record.Prune, record.Account
	app.Namespace = strings.ReplaceAll(app.Namespace, AppPlaceholder, path.Base(record.Path))
	return app
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
