package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/footprint"
	"github.com/lockstep-dev/lockstep/sync/status"
	"github.com/lockstep-dev/lockstep/sync/watch"
)

// daemon is everything that runs, wired.
type daemon struct {
	*workshop
	app        sync.App        // of a daemon for one app
	repository *git.Repository // likewise
	hooks      *hooks          // nil for none
	store      *status.Store
	signals    *signals
	views      observers
	pulse      *sync.Pulse // of what keeps the apps in step
	replica    *replica    // nil for a daemon that is alone
	asking     *asking     // nil where nobody may ask over HTTP
	log        *zap.Logger
}

// view is an observer that draws, and so has something to run.
type view interface {
	sync.Observer
	Run(ctx context.Context) error
}

// observers tells each of its members in turn.
type observers []sync.Observer

func (o observers) Observe(ctx context.Context, event sync.Event) {
	for _, one := range o {
		one.Observe(ctx, event)
	}
}

// wire makes a daemon of the flags. What is wrong with them is found before the first request to the cluster, and that
// before the first write.
func (f *sourceFlags) wire(ctx context.Context, log *zap.Logger) (*daemon, error) {
	cache, err := f.copies()
	if err != nil {
		return nil, err
	}
	repository, err := f.openRepository(cache)
	if err != nil {
		return nil, fmt.Errorf("--repo: %w", err)
	}
	d, err := f.attach(ctx, repository, log)
	if err != nil {
		return nil, errors.Join(err, repository.Close())
	}
	return d, nil
}

func (f *sourceFlags) openRepository(cache copies) (*git.Repository, error) {
	if f.worktree {
		return git.OpenWorkTree(f.repo)
	}
	return git.Open(f.options(cache))
}

// attach connects the app to its cluster.
func (f *sourceFlags) attach(ctx context.Context, repository *git.Repository, log *zap.Logger) (*daemon, error) {
	app, err := f.app()
	if err != nil {
		return nil, err
	}
	app.Repository, app.Feed = repository.String(), repository.String()
	store := status.NewStore(app)
	signals := newSignals(store, log)
	f.wrap = signals.metrics.Transport
	shop, err := f.open(ctx)
	if err != nil {
		return nil, err
	}
	d := &daemon{workshop: shop, app: app, repository: repository, store: store, signals: signals, log: log}
	d.observe(d.store)
	signals.watch(d)
	return d, nil
}

// observe adds someone to be told what happens.
func (d *daemon) observe(o sync.Observer) { d.views = append(d.views, o) }

func (d *daemon) close() {
	d.workshop.close()
	if d.repository != nil {
		_ = d.repository.Close() // a cache: what is not closed well is read afresh
	}
}

// single wires the daemon's one app for a single pass.
func (d *daemon) single() (*sync.Reconciler, error) {
	reconciler, err := d.build(d.app)
	if err != nil {
		return nil, err
	}
	reconciler.Source, reconciler.Observer = d.repository, d.views
	return reconciler, nil
}

// once runs one pass, and draws it to the end, which may be a signal's.
func (d *daemon) once(ctx context.Context) error {
	reconciler, err := d.single()
	if err != nil {
		return err
	}
	drawing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	d.draw(drawing, &group)
	_, err = reconciler.Reconcile(ctx)
	stop()
	if err != nil && ctx.Err() != nil && !isUnhealthy(err) {
		err = d.interrupted()
	}
	return errors.Join(err, group.Wait())
}

// run keeps the app in step until ctx ends, or something that cannot be done without fails.
func (d *daemon) run(ctx context.Context, interval time.Duration, listen string, out io.Writer) error {
	feed := sync.NewFeed(d.signals.metrics.Source(d.app.Repository, d.repository), interval)
	d.hooks.wake(feed)
	rosters := make(chan sync.Roster, 1)
	rosters <- sync.Roster{Feeds: map[string]*sync.Feed{d.app.Feed: feed}, Apps: []sync.App{d.app}}
	return d.keep(ctx, interval, listen, func(server *server) error { return d.introduce(out, server) },
		func(ctx context.Context, group *errgroup.Group) <-chan sync.Roster {
			group.Go(func() error { return d.watch(ctx, d.repository, feed, interval) })
			return rosters
		})
}

// keep runs a fleet on the rosters that feeding provides, and all that belongs to a daemon, until ctx ends.
func (d *daemon) keep(ctx context.Context, interval time.Duration, listen string, introduce func(*server) error,
	feeding func(context.Context, *errgroup.Group) <-chan sync.Roster,
) error {
	footprint.Shrink()
	d.pulse = sync.NewPulse()
	d.log.Info("daemon starts", zap.String("version", buildVersion()), zap.String("commit", commitBuilt()), zap.String("cluster", d.name),
		zap.String("stateNamespace", d.namespace))
	server, err := d.serve(listen)
	if err != nil {
		return err
	}
	if err := introduce(server); err != nil {
		return err
	}
	desk, err := d.newDesk()
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	d.draw(ctx, group)
	rosters := feeding(ctx, group)
	fleet := &sync.Fleet{
		Build: d.build, Records: d.records, Observer: d.views, Interval: interval, Orders: desk.orders,
		Pool: d.signals.pool, Pulse: d.pulse, Log: d.log,
	}
	d.store.SetWarm(fleet.Warm)
	if d.asking != nil {
		d.asking.wants = fleet.Wants
	}
	if d.replica != nil {
		d.replica.found(d.hooks.address(), server.address())
		d.hooks.relayTo(d.replica.keepers, d.replica.late())
		shifts := make(chan *sync.Shift)
		fleet.Shifts = shifts
		fleet.Record = inventory.NewStore(d.client, d.namespace).Peek
		d.replica.warm = fleet.Warm
		d.store.SetReplica(d.replica.standing)
		group.Go(func() error { return d.keepShifts(ctx, shifts, desk) })
	} else {
		group.Go(func() error { return desk.run(ctx) })
	}
	group.Go(func() error { return fleet.Run(ctx, rosters) })
	group.Go(func() error { return server.run(ctx) })
	group.Go(func() error { return d.hooks.run(ctx) })
	group.Go(func() error { return d.signals.debug(ctx) })
	return group.Wait()
}

// introduce says what is kept in step with what: whoever has the wrong cluster sees it before anything else.
func (d *daemon) introduce(out io.Writer, server *server) error {
	text := fmt.Sprintf("%s: %s of %s, to namespace %s of %s", d.app.Name, d.app.Path, d.app.Repository, d.app.Namespace, d.name)
	_, err := fmt.Fprintln(out, text+server.where()+d.hooks.where())
	return err
}

func (d *daemon) draw(ctx context.Context, group *errgroup.Group) {
	for _, o := range d.views {
		if v, ok := o.(view); ok {
			group.Go(func() error { return v.Run(ctx) })
		}
	}
}

// watch wakes the feed when the files of a local repository change.
func (d *daemon) watch(ctx context.Context, repository *git.Repository, feed *sync.Feed, interval time.Duration) error {
	if repository.Watch() == nil {
		return nil
	}
	watch.Watcher{
		Paths: repository.Watch, Floor: interval, Changed: feed.Wake,
		Degraded: func(err error) { d.log.Warn("changes may be noticed late", zap.Error(err)) },
	}.Run(ctx)
	return nil
}
