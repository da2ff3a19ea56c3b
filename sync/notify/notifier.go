package notify

import (
	"context"
	"crypto/rand"
	"net/http"
	"reflect"
	"slices"
	stdsync "sync"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
	"github.com/lockstep-dev/lockstep/sync/trust"
)

// Notifier tells targets what apps come to. It is safe for concurrent use.
type Notifier struct {
	store *status.Store
	clean func(string) string
	log   *zap.Logger
	keeps func(app string) bool

	mu      stdsync.Mutex
	desks   []*desk
	last    map[string]Notice // by app
	known   map[string]bool   // apps that have come to something since the daemon began
	running context.Context   // nil before Run, and after it
	retry   time.Duration
	client  *http.Client
}

// New returns a Notifier without targets of the apps in store, which has to be told of each event before it. All that it
// sends has gone through clean.
func New(store *status.Store, clean func(string) string, log *zap.Logger) *Notifier {
	return &Notifier{
		store: store, clean: clean, log: log, keeps: func(string) bool { return true }, last: map[string]Notice{}, known: map[string]bool{}, retry: firstRetry, client: newClient(),
	}
}

// SetKeeps says who knows whether this daemon still keeps an app, where there are others. Of one that another keeps now it is not
// told any more what is under way, however long that has waited to be sent: the other has come further. Verdicts are.
func (n *Notifier) SetKeeps(keeps func(app string) bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.keeps = keeps
}

// Set makes those the targets that are told. One that is as it was goes on undisturbed, and one that has changed with what waits for
// it. What waits for one that has left is sent first if that takes no more than a moment.
func (n *Notifier) Set(targets ...Target) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var desks []*desk
	for _, target := range targets {
		desks = append(desks, n.desk(target))
	}
	for _, d := range n.desks {
		if !slices.Contains(desks, d) && d.stop != nil {
			d.stop()
		}
	}
	n.desks = desks
}

// desk returns the one of a target, started if the notifier runs.
func (n *Notifier) desk(target Target) *desk {
	for _, d := range n.desks {
		if reflect.DeepEqual(d.target, target) {
			return d
		}
	}
	d := &desk{
		target: target, client: n.client, log: n.log, keeps: n.stillKeeps, queue: newQueue(), retry: n.retry, told: map[string]told{}, counts: &counts{},
		foreign: map[string]bool{}, ended: make(chan struct{}),
	}
	if target.CAFile != "" {
		d.client = clientOn(trust.NewTransport(target.CAFile))
	}
	for app, last := range n.last {
		d.told[app] = told{Notice: last}
	}
	for _, old := range n.desks {
		if old.target.Name == target.Name && old.target.Type == target.Type {
			d.succeed(old)
		}
	}
	if n.running != nil {
		n.start(d)
	}
	return d
}

// stillKeeps asks whoever was set last.
func (n *Notifier) stillKeeps(app string) bool {
	n.mu.Lock()
	keeps := n.keeps
	n.mu.Unlock()
	return keeps(app)
}

func (n *Notifier) start(d *desk) {
	ctx, stop := context.WithCancel(n.running)
	d.stop = stop
	go d.run(ctx)
}

// Run sends until ctx ends, and what still waits then, within a few seconds.
func (n *Notifier) Run(ctx context.Context) error {
	n.mu.Lock()
	n.running = ctx
	for _, d := range n.desks {
		n.start(d)
	}
	n.mu.Unlock()
	<-ctx.Done()
	n.mu.Lock()
	n.running = nil
	desks := n.desks
	n.mu.Unlock()
	for _, d := range desks {
		<-d.ended
	}
	n.client.CloseIdleConnections()
	return nil
}

// Observe takes down what is new of event's app.
func (n *Notifier) Observe(_ context.Context, event sync.Event) {
	if event.Change != nil {
		return // changes no state, and there are many
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if event.Left {
		n.forget(event)
		return
	}
	app, there := n.store.App(event.App)
	if !there || len(n.desks) == 0 && n.known[event.App] {
		return
	}
	is := noticeOf(app, event, n.clean)
	if event.Open != nil || event.Verdict != nil {
		n.takeOver(is, event.Open)
		n.knew(is.App, event.Verdict)
		return
	}
	if event.Same != nil {
		for _, d := range n.desks {
			d.keepUp(event.App, event.Revision)
		}
	}
	news := event.Same == nil && !n.last[event.App].same(is) && n.isNews(app, event)
	n.last[event.App] = is
	if !news {
		n.found(is)
		return
	}
	is.id = rand.Text()
	for _, d := range n.desks {
		d.offer(is)
	}
}

// isNews reports whether an app has come to something by what happens now: that it is found healthy, as it was left by the
// daemon before this one, is no news.
func (n *Notifier) isNews(app status.App, event sync.Event) bool {
	known := n.known[app.Name]
	if event.Record != nil || event.Err != nil {
		n.known[app.Name] = true
	}
	if event.Record != nil && event.Record.First {
		return true
	}
	switch app.State {
	case sync.Pending, sync.Syncing, sync.Progressing, sync.Healthy:
		return known || wrote(app)
	}
	return true
}

// found notes an app that was healthy when it was first looked at: from then on it is news when it is not.
func (n *Notifier) found(is Notice) {
	for _, d := range n.desks {
		if _, known := d.told[is.App]; !known && is.State == sync.Healthy {
			d.told[is.App] = told{Notice: is}
		}
	}
}

// forget lets go of the app of an event. It may be another process's from now on: that a commit is pending is not said any more, as
// that process may have said its end already. One that is nobody's any more is at an end here.
func (n *Notifier) forget(event sync.Event) {
	app := event.App
	delete(n.last, app)
	delete(n.known, app)
	for _, d := range n.desks {
		if event.Retired {
			d.end(app, "no verdict: the app is not kept in step any more", event.At)
		}
		delete(d.told, app)
		if d.target.onCommit() {
			d.queue.drop(func(waits Notice) bool { return waits.App == app && !waits.over() && !waits.ended })
		}
	}
}
