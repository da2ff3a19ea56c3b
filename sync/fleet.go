package sync

import (
	"context"
	"maps"
	"slices"
	stdsync "sync"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

// Fleet keeps many apps in step: one [Feed] a repository, one [Loop] an app, and a [Pool] that bounds how many of them work
// at once. Apps come and go with the [Roster], and with the folders of its sets.
type Fleet struct {
	// Build wires an app; the fleet fills in what apps share: source, pool, claims and observer.
	Build func(App) (*Reconciler, error)
	// Records returns what is on record of all apps, to find those that left while no daemon ran. It is asked before the
	// first app is started, so that a ledger may answer their first loads from what it has read. Nil for none.
	Records  func(ctx context.Context) ([]*inventory.Inventory, error)
	Observer Observer
	Workers  int           // apps that are planned and applied at once; 0 for [DefaultWorkers]
	Pool     *Pool         // what gives them their turns; nil for one of as many as Workers
	Interval time.Duration // between two looks at objects that cannot be watched; 0 for [DefaultInterval]
	Orders   <-chan Order  // what is asked for by hand; those of apps that are not the fleet's are refused. Nil for none
	Pulse    *Pulse        // told of what the fleet and its workers are at; nil for nobody
	// Shifts say which of the apps are the fleet's to keep, and when. Of the others it knows only that they are there. Nil for
	// all of them, always.
	Shifts <-chan *Shift
	// Record returns what is on record of an app that another process keeps. It is asked with Shifts only.
	Record func(ctx context.Context, app string) (*inventory.Inventory, error)
	Log    *zap.Logger

	board   *board
	claims  *Claims
	roster  Roster
	members map[string]*member
	feeds   map[string]*running
	news    Wake
	warned  map[string]bool // what was logged already
	sought  map[string]bool // sets whose records have been looked through
	records []*inventory.Inventory
	read    bool // records were

	finished bool // retirements that were begun before have been looked for

	abroad  *abroad
	adopted bool // a roster was
	berths  *berths
	shifts  []*Shift
	wished  map[string]App // what was asked for last, whoever keeps it; replaced as a whole, under mu
	missed  map[string]App // what nothing asks for any more, and another was to retire

	mu     stdsync.Mutex
	asked  []*Feed           // those of the roster
	feedOf map[string]string // by app
	cycles map[string]string // of the apps that wait for themselves: how
	left   []*member         // whose retirement has ended
}

// running is something that the fleet runs until it stops it.
type running struct {
	feed   *Feed
	stop   context.CancelFunc
	done   chan struct{}
	failed bool // its last fetch
}

// Run keeps the apps of the newest roster in step until ctx ends. It returns when everything that it started has ended.
func (f *Fleet) Run(ctx context.Context, rosters <-chan Roster) error {
	f.prepare(ctx)
	defer f.end()
	for {
		select {
		case <-ctx.Done():
			return nil
		case roster := <-rosters:
			f.attend(func() { f.adopt(ctx, roster) })
		case order := <-f.orders():
			f.attend(func() { f.obey(ctx, order) })
		case <-f.news:
			f.attend(func() {
				f.dismiss(ctx)
				f.farewell(ctx)
				f.follow(ctx)
			})
		case shift := <-f.Shifts:
			f.attend(func() { f.enter(ctx, shift) })
		}
	}
}

// orders are those to take up: none before there is a roster to find their apps in.
func (f *Fleet) orders() <-chan Order {
	if !f.adopted {
		return nil
	}
	return f.Orders
}

// attend does something that nothing else of the fleet may wait for too long.
func (f *Fleet) attend(to func()) {
	_, end := f.Pulse.begin()
	defer end()
	to()
}

func (f *Fleet) prepare(ctx context.Context) {
	if f.Workers == 0 {
		f.Workers = DefaultWorkers
	}
	if f.Interval == 0 {
		f.Interval = DefaultInterval
	}
	f.board, f.claims, f.news, f.berths = newBoard(f.Observer), NewClaims(), NewWake(), newBerths()
	if f.Pool == nil {
		f.Pool = NewPool(f.Workers)
	}
	f.Pool.pulse = f.Pulse
	f.members, f.feeds, f.feedOf = map[string]*member{}, map[string]*running{}, map[string]string{}
	f.warned, f.sought = map[string]bool{}, map[string]bool{}
	f.wished, f.missed, f.abroad = map[string]App{}, map[string]App{}, newAbroad(f.Record)
	if f.Shifts == nil {
		f.shifts = []*Shift{NewShift(ctx, func(string) bool { return true })}
	}
}

func (f *Fleet) end() {
	for _, feed := range f.feeds {
		feed.stop()
	}
	for _, m := range f.members {
		m.stop()
	}
	for _, feed := range f.feeds {
		<-feed.done
	}
	for _, m := range f.members {
		<-m.done
	}
	for _, shift := range f.shifts {
		close(shift.over)
	}
}

// adopt makes roster the one that counts.
func (f *Fleet) adopt(ctx context.Context, roster Roster) {
	f.roster, f.adopted = roster, true
	f.mu.Lock()
	f.asked = slices.Collect(maps.Values(roster.Feeds))
	f.mu.Unlock()
	if len(f.shifts) > 0 {
		f.recall(ctx)
	}
	for name, held := range f.feeds {
		if roster.Feeds[name] != held.feed {
			held.stop()
			<-held.done
			delete(f.feeds, name)
		}
	}
	for name, feed := range roster.Feeds {
		if f.feeds[name] == nil {
			f.feeds[name] = f.run(ctx, feed)
		}
	}
	f.arrange(ctx)
}

// arrange starts, changes and retires apps, so that there are those that the roster asks for.
func (f *Fleet) arrange(ctx context.Context) {
	wanted := f.wanted(ctx)
	f.note(wanted)
	f.succeed(ctx)
	f.entangle(wanted)
	f.abroad.are(f.others(wanted))
	for name, app := range wanted {
		m := f.members[name]
		if m != nil && !m.leaving && sameApp(m.app, app) || f.shiftOf(name) == nil {
			continue
		}
		if m != nil {
			m.stop()
			<-m.done
		}
		f.start(ctx, app)
	}
	for _, shift := range f.shifts {
		shift.begin()
	}
	for name, m := range f.members {
		_, is := wanted[name]
		switch {
		case is || f.roster.refuses(name):
		case m.leaving:
			f.insist(ctx, m)
		default:
			f.retire(ctx, m)
		}
	}
}

// warn logs something once.
func (f *Fleet) warn(message string, err error, fields ...zap.Field) {
	key := message + text(err)
	if f.warned[key] {
		return
	}
	f.warned[key] = true
	f.Log.Warn(message, append(fields, zap.Error(err))...)
}
