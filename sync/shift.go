package sync

import (
	"context"
	"maps"
	"slices"
	stdsync "sync"
	"time"

	"go.uber.org/zap"
)

// Shift is a time for which a [Fleet] may keep some apps. What it does for them it does with the shift's context.
type Shift struct {
	ctx   context.Context
	owns  func(app string) bool
	begun chan struct{}
	begin func() // closes begun, once
	over  chan struct{}
}

// NewShift returns a Shift that lasts until ctx ends, of the apps that owns names. Owns must say the same at any time.
func NewShift(ctx context.Context, owns func(app string) bool) *Shift {
	begun := make(chan struct{})
	return &Shift{ctx: ctx, owns: owns, begun: begun, begin: stdsync.OnceFunc(func() { close(begun) }), over: make(chan struct{})}
}

// Begun is closed once the fleet's [Observer] knows each app of the shift that the newest roster asks for.
func (s *Shift) Begun() <-chan struct{} { return s.begun }

// Over is closed once a fleet that has taken the shift on does nothing for its apps any more.
func (s *Shift) Over() <-chan struct{} { return s.over }

// Warm reports whether there is a roster and each of its repositories has been asked: whatever shift begins, its apps are
// kept in step at once.
func (f *Fleet) Warm() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked != nil && !slices.ContainsFunc(f.asked, func(feed *Feed) bool { return !feed.hasAsked() })
}

// shiftOf returns the shift in which an app is kept, nil if there is none now.
func (f *Fleet) shiftOf(app string) *Shift {
	for _, shift := range f.shifts {
		if shift.ctx.Err() == nil && shift.owns(app) {
			return shift
		}
	}
	return nil
}

// others are those of the apps that are not the fleet's to keep now.
func (f *Fleet) others(wanted map[string]App) map[string]App {
	others := map[string]App{}
	for name, app := range wanted {
		if f.shiftOf(name) == nil {
			others[name] = app
		}
	}
	return others
}

// enter takes a shift on. What is on record may be another's work by now, and is read anew before the first of its apps is
// started; which of them left meanwhile is looked for anew.
func (f *Fleet) enter(ctx context.Context, shift *Shift) {
	f.shifts = append(f.shifts, shift)
	context.AfterFunc(shift.ctx, f.news.Poke)
	f.read, f.finished, f.sought = false, false, map[string]bool{}
	if !f.adopted {
		return
	}
	f.recall(shift.ctx)
	f.arrange(ctx)
	f.inquire(shift)
}

// inquire has the repositories of a shift asked anew: the webhook of a push has gone to whoever kept its apps, if it was there.
func (f *Fleet) inquire(shift *Shift) {
	ask := func(feed string) {
		if held := f.feeds[feed]; held != nil {
			held.feed.Hint()
		}
	}
	for name, app := range f.wished {
		if shift.owns(name) {
			ask(app.Feed)
		}
	}
	for _, set := range f.roster.Sets { // an app may be there that nobody has seen yet
		ask(set.App.Feed)
	}
}

// lapsed is the shift of apps that are started when theirs has just ended.
func lapsed(ctx context.Context) *Shift {
	ctx, cancel := context.WithCancel(ctx)
	cancel()
	return NewShift(ctx, nil)
}

// dismiss lets go of the apps whose shift is over: somebody else keeps them, or will.
func (f *Fleet) dismiss(ctx context.Context) {
	var ended []*Shift
	kept := f.shifts[:0:0]
	for _, shift := range f.shifts {
		if shift.ctx.Err() == nil {
			kept = append(kept, shift)
		} else {
			ended = append(ended, shift)
		}
	}
	f.shifts = kept
	if len(ended) == 0 {
		return
	}
	var gone []*member
	for _, m := range f.members {
		if m.shift.ctx.Err() != nil {
			m.stop()
			gone = append(gone, m)
		}
	}
	for _, m := range gone {
		<-m.done
		delete(f.members, m.app.Name)
		f.claims.leave(m.app.Name)
		f.board.Observe(ctx, Event{App: m.app.Name, At: time.Now(), Left: true})
	}
	for _, shift := range ended {
		close(shift.over)
	}
}

// note keeps what the roster asks for, and what it does not ask for any more and was another's to retire.
func (f *Fleet) note(wanted map[string]App) {
	wished := maps.Clone(wanted)
	for name, app := range f.wished {
		_, is := wanted[name]
		switch {
		case is:
		case f.roster.refuses(name):
			wished[name] = app
		case f.members[name] == nil:
			f.missed[name] = app
		}
	}
	for name := range wanted {
		delete(f.missed, name)
	}
	f.mu.Lock()
	f.wished = wished
	f.mu.Unlock()
}

// Wants reports whether an app is asked for, whoever keeps it.
func (f *Fleet) Wants(app string) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, wants := f.wished[app]
	return wants
}

// succeed goes on with the retirement of apps that left while another kept them and that are still on record: whoever that
// was has not come to it, or not to its end.
func (f *Fleet) succeed(ctx context.Context) {
	if len(f.missed) == 0 || !f.recalled(ctx) {
		return
	}
	for _, record := range f.records {
		app, left := f.missed[record.App]
		if !left || f.shiftOf(record.App) == nil {
			continue
		}
		delete(f.missed, record.App)
		if f.members[record.App] == nil {
			f.Log.Info("app left while another replica kept it", zap.String("app", record.App))
			f.resume(ctx, app)
		}
	}
}
