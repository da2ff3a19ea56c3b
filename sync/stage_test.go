package sync_test

import (
	"context"
	"fmt"
	"os"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"go.uber.org/zap"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
	"github.com/lockstep-dev/lockstep/sync/watch"
)

func TestMain(m *testing.M) {
	if root := os.Getenv(benchServer); root != "" {
		os.Exit(runBenchServer(root))
	}
	os.Exit(clustertest.Main(m))
}

// stage is an app on a cluster, its repository, and the daemon's loop between them.
type stage struct {
	testing.TB
	name      string // of the app
	repo      *gittest.Repo
	namespace string
	client    client.WithWatch
	store     *status.Store
	loop      *sync.Loop
	options   options
	orders    chan sync.Order // to what was started
}

// options is what a test may want otherwise.
type options struct {
	url     string        // of the repository; its folder if empty
	config  *rest.Config  // of the cluster
	timeout time.Duration // of the gate
	// interval is between two looks at objects that cannot be watched; a second if zero.
	interval time.Duration
	app      func(*sync.App) // changes the app
	wrap     func(client.WithWatch) client.WithWatch
	noPrune  bool
}

// newStage wires an app to a repository with the given files, which it commits. Nothing runs yet.
func newStage(t testing.TB, o options, files ...string) *stage {
	t.Helper()
	s := &stage{TB: t, repo: gittest.New(t), namespace: clustertest.Namespace(t), client: clustertest.Client(t)}
	if o.config == nil {
		o.config = clustertest.Config(t)
	}
	if o.timeout == 0 {
		o.timeout = time.Minute
	}
	if o.url == "" {
		o.url = s.repo.Dir
	}
	if o.interval == 0 {
		o.interval = time.Second
	}
	s.write(files...)
	app := sync.App{Name: "web", Repository: o.url, Path: "manifests", Namespace: s.namespace, Prune: !o.noPrune, Timeout: o.timeout}
	if o.app != nil {
		o.app(&app)
	}
	s.store, s.options = status.NewStore(app), o
	s.orders = make(chan sync.Order)
	s.name, s.loop = app.Name, s.wire(app, o)
	return s
}

func (s *stage) wire(app sync.App, o options) *sync.Loop {
	s.Helper()
	repository, err := git.Open(git.Options{URL: o.url, Branch: "main", Dir: s.TempDir()})
	if err != nil {
		s.Fatal(err)
	}
	c, err := client.NewWithWatch(o.config, client.Options{Scheme: s.client.Scheme(), Mapper: s.client.RESTMapper()})
	if err != nil {
		s.Fatal(err)
	}
	if o.wrap != nil {
		c = o.wrap(c)
	}
	gate, err := health.NewGate(o.config, s.client.RESTMapper())
	if err != nil {
		s.Fatal(err)
	}
	shown, err := mirror.New(o.config, s.client.RESTMapper())
	if err != nil {
		s.Fatal(err)
	}
	finder, err := apply.NewFinder(o.config)
	if err != nil {
		s.Fatal(err)
	}
	s.Cleanup(func() {
		gate.Close()
		shown.Close()
		if err := repository.Close(); err != nil {
			s.Error(err)
		}
	})
	wake := sync.NewWake()
	return &sync.Loop{Wake: wake, Interval: time.Second, Log: zap.NewNop(), Reconciler: &sync.Reconciler{
		App: app, Source: repository, Applier: apply.New(c, shown), Gate: gate, Finder: finder, Observer: s.store, Newer: wake,
		Ledger: inventory.NewStore(c, s.namespace), Poll: time.Second,
	}}
}

// start runs the app as a daemon does, in a fleet of one, until the test ends or the func that it returns is called.
func (s *stage) start() (end func()) {
	ctx, cancel := context.WithCancel(s.Context())
	var running stdsync.WaitGroup
	reconciler := s.loop.Reconciler
	repository := reconciler.Source.(*git.Repository)
	feed := sync.NewFeed(repository, time.Second)
	app := reconciler.App
	app.Feed = "repository"
	fleet := &sync.Fleet{
		Build: func(sync.App) (*sync.Reconciler, error) { return reconciler, nil }, Observer: reconciler.Observer,
		Interval: s.options.interval, Log: zap.NewNop(), Orders: s.orders,
	}
	rosters := make(chan sync.Roster, 1)
	rosters <- sync.Roster{Feeds: map[string]*sync.Feed{app.Feed: feed}, Apps: []sync.App{app}}
	running.Go(func() {
		if err := fleet.Run(ctx, rosters); err != nil {
			s.Error(err)
		}
	})
	if repository.Watch() != nil {
		watcher := watch.Watcher{Paths: repository.Watch, Floor: time.Minute, Changed: feed.Wake}
		running.Go(func() { watcher.Run(ctx) })
	}
	end = stdsync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	s.Cleanup(end)
	return end
}

// write puts name, content, name, content ... below the app's path.
func (s *stage) write(files ...string) {
	s.Helper()
	for i := 0; i+1 < len(files); i += 2 {
		s.repo.Write("manifests/"+files[i], files[i+1])
	}
}

// commit writes files, commits, and returns the hash.
func (s *stage) commit(files ...string) string {
	s.Helper()
	s.write(files...)
	return s.repo.Commit("Change " + strings.Join(files[:min(1, len(files))], ""))
}

func (s *stage) app() status.App {
	app, _ := s.store.App(s.name)
	return app
}

// waitFor waits until the app's status is as wanted.
func (s *stage) waitFor(what string, wanted func(status.App) bool) status.App {
	s.Helper()
	var app status.App
	clustertest.Eventually(s, what, func(context.Context) (bool, string) {
		app = s.app()
		return wanted(app), describe(app)
	})
	return app
}

// serves waits until the commit called hash is healthy from n pods.
func (s *stage) serves(hash string, n int) status.App {
	s.Helper()
	return s.waitFor(fmt.Sprintf("%s to serve from %d pods", hash[:7], n), func(app status.App) bool {
		return app.State == sync.Healthy && app.Revision.Healthy.Hash == hash &&
			len(app.Services) == 1 && app.Services[0].EndpointsReady == n && app.Workloads[0].Ready == n
	})
}

// fails waits until the commit called hash has failed.
func (s *stage) fails(hash string) status.App {
	s.Helper()
	return s.waitFor(hash[:7]+" to fail", func(app status.App) bool {
		return app.State == sync.Failed && app.Revision.Seen.Hash == hash
	})
}

func describe(app status.App) string {
	text := fmt.Sprintf("%s %s %s; seen %s, applied %s, healthy %s", app.State, app.Reason, app.Message,
		app.Revision.Seen, app.Revision.Applied, app.Revision.Healthy)
	for _, w := range app.Workloads {
		text += fmt.Sprintf("; %s %d/%d", w.ID, w.Ready, w.Desired)
	}
	for _, service := range app.Services {
		text += fmt.Sprintf("; %s %d/%d", service.ID, service.EndpointsReady, service.EndpointsExpected)
	}
	return text
}
