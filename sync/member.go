package sync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"go.uber.org/zap"

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
	r.abroad, r.Source = f.abroad, unfollowed{}
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
		m.reconciler.refuseSync(ctx, fmt.Errorf("%s; it is brought live once that is healthy", waits))
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
