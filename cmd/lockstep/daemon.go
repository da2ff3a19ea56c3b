package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
	"github.com/lockstep-dev/lockstep/sync/watch"
)

// daemon is everything that runs, wired.
type daemon struct {
	repository *git.Repository
	client     client.WithWatch
	cluster    string // for people
	gate       *health.Gate
	reconciler *sync.Reconciler
	store      *status.Store
	views      observers
	wake       sync.Wake
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
	cache, err := f.cacheDir()
	if err != nil {
		return nil, err
	}
	repository, err := git.Open(git.Options{URL: f.repo, Branch: f.branch, Dir: cache})
	if err != nil {
		return nil, fmt.Errorf("--repo: %w", err)
	}
	d, err := f.attach(ctx, repository, log)
	if err != nil {
		return nil, errors.Join(err, repository.Close())
	}
	return d, nil
}

// attach connects the app to its cluster.
func (f *sourceFlags) attach(ctx context.Context, repository *git.Repository, log *zap.Logger) (*daemon, error) {
	app, err := f.app()
	if err != nil {
		return nil, err
	}
	app.Repository = repository.String()
	cluster, err := findCluster(f.kubeconfig, f.context)
	if err != nil {
		return nil, err
	}
	c, err := connect(ctx, cluster.config)
	if err != nil {
		return nil, err
	}
	gate, err := health.NewGate(cluster.config, c.RESTMapper())
	if err != nil {
		return nil, err
	}
	d := &daemon{repository: repository, client: c, gate: gate, cluster: cluster.name, store: status.NewStore(app), wake: sync.NewWake(), log: log}
	d.reconciler = &sync.Reconciler{
		App: app, Source: repository, Applier: apply.New(c), Gate: gate,
		Ledger: inventory.NewStore(c, f.stateNamespace),
	}
	d.observe(d.store)
	return d, nil
}

// observe adds someone to be told what happens.
func (d *daemon) observe(o sync.Observer) {
	d.views = append(d.views, o)
	d.reconciler.Observer = d.views
}

func (d *daemon) close() {
	d.gate.Close()
	_ = d.repository.Close() // a cache: what is not closed well is read afresh
}

// once runs one pass, and draws it to the end, which may be a signal's.
func (d *daemon) once(ctx context.Context) error {
	drawing, stop := context.WithCancel(context.WithoutCancel(ctx))
	var group errgroup.Group
	d.draw(drawing, &group)
	_, err := d.reconciler.Reconcile(ctx)
	stop()
	if err != nil && ctx.Err() != nil && !isUnhealthy(err) {
		err = d.interrupted()
	}
	return errors.Join(err, group.Wait())
}

// run keeps the app in step until ctx ends, or something that cannot be done without fails.
func (d *daemon) run(ctx context.Context, interval time.Duration, listen string, out io.Writer) error {
	server, err := d.serve(listen)
	if err != nil {
		return err
	}
	if err := d.introduce(out, server); err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	d.draw(ctx, group)
	d.reconciler.Newer = d.wake
	loop := &sync.Loop{Reconciler: d.reconciler, Interval: interval, Wake: d.wake, Log: d.log}
	group.Go(func() error { return loop.Run(ctx) })
	group.Go(func() error { return server.run(ctx) })
	group.Go(func() error { return d.watch(ctx, interval) })
	return group.Wait()
}

// introduce says what is kept in step with what: whoever has the wrong cluster sees it before anything else.
func (d *daemon) introduce(out io.Writer, server *server) error {
	app := d.reconciler.App
	text := fmt.Sprintf("%s: %s of %s, to namespace %s of %s", app.Name, app.Path, app.Repository, app.Namespace, d.cluster)
	if server != nil {
		text += "; status at http://" + server.listener.Addr().String()
	}
	_, err := fmt.Fprintln(out, text)
	return err
}

func (d *daemon) draw(ctx context.Context, group *errgroup.Group) {
	for _, o := range d.views {
		if v, ok := o.(view); ok {
			group.Go(func() error { return v.Run(ctx) })
		}
	}
}

// watch wakes the loop when the files of a local repository change.
func (d *daemon) watch(ctx context.Context, interval time.Duration) error {
	if d.repository.Watch() == nil {
		return nil
	}
	watch.Watcher{
		Paths: d.repository.Watch, Floor: interval, Changed: d.wake.Poke,
		Degraded: func(err error) { d.log.Warn("commits may be noticed late", zap.Error(err)) },
	}.Run(ctx)
	return nil
}
