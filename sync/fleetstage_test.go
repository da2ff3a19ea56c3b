package sync_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// fleetStage is many apps of one repository on a cluster, and the daemon that keeps them.
type fleetStage struct {
	*stage
	apps    []sync.App
	sets    []sync.Set
	refuses func(string) bool
	rosters chan sync.Roster
	feed    *sync.Feed
	others  map[string]*sync.Feed           // of other repositories
	without bool                            // the roster has no feed of this one
	applier func(sync.Applier) sync.Applier // what a test puts around the daemon's; nil for nothing
	fetches atomic.Int64                    // of the repository
	heard   sync.Wake                       // poked when the store has heard something; nil for nobody
	retired atomic.Int64                    // apps that are nobody's any more
	end     func()                          // ends the daemon, and returns when it has
}

// countedSource counts how often it is asked.
type countedSource struct {
	*git.Repository // which also says what it is called
	fetches         *atomic.Int64
}

func (c countedSource) Fetch(ctx context.Context) (git.Snapshot, error) {
	c.fetches.Add(1)
	return c.Repository.Fetch(ctx)
}

func newFleetStage(t testing.TB) *fleetStage {
	t.Helper()
	s := &fleetStage{stage: newStage(t, options{})}
	s.store = status.NewStore()
	return s
}

// nudging pokes those who wait for something to be in the store, and counts the apps that are nobody's any more.
type nudging struct {
	*status.Store
	told    sync.Wake
	retired *atomic.Int64
}

func (n nudging) Observe(ctx context.Context, event sync.Event) {
	if event.Left && event.Retired {
		n.retired.Add(1)
	}
	n.Store.Observe(ctx, event)
	n.told.Poke()
}

// app is one of the repository's path of that name.
func (s *fleetStage) named(name string) sync.App {
	return sync.App{
		Name: s.namespace[len(s.namespace)-5:] + "-" + name, Repository: s.repo.Dir, Feed: "shop", Path: "apps/" + name,
		Namespace: s.namespace, Prune: true, Timeout: time.Minute,
	}
}

// perFolder is an app for each folder below apps.
func (s *fleetStage) perFolder(prune bool) sync.Set {
	app := s.named("")
	set := sync.Set{App: app, Pattern: "apps/*", Prefix: app.Name}
	set.App.Name, set.App.Path, set.App.Prune, set.App.Set = "", "", prune, "shop apps/*"
	return set
}

// run starts a daemon that knows nothing but what is in the cluster.
func (s *fleetStage) run() {
	s.Helper()
	repository, err := git.Open(git.Options{URL: s.repo.Dir, Branch: "main", Dir: s.TempDir()})
	if err != nil {
		s.Fatal(err)
	}
	s.feed = sync.NewFeed(countedSource{repository, &s.fetches}, 100*time.Millisecond)
	parts := s.wire(sync.App{}, s.options).Reconciler
	if s.applier != nil {
		parts.Applier = s.applier(parts.Applier)
	}
	ledger := parts.Ledger.(*inventory.Store)
	fleet := &sync.Fleet{
		Build: func(sync.App) (*sync.Reconciler, error) {
			return &sync.Reconciler{Applier: parts.Applier, Gate: parts.Gate, Finder: parts.Finder, Ledger: ledger}, nil
		},
		Records: func(ctx context.Context) ([]*inventory.Inventory, error) {
			all, _, err := ledger.All(ctx)
			return all, err
		},
		Observer: nudging{s.store, s.heard, &s.retired}, Workers: 2, Interval: time.Second, Log: zap.NewNop(), Orders: s.orders,
	}
	ctx, cancel := context.WithCancel(s.Context())
	s.rosters = make(chan sync.Roster, 1)
	s.tell()
	var running stdsync.WaitGroup
	running.Go(func() {
		if err := fleet.Run(ctx, s.rosters); err != nil {
			s.Error(err)
		}
	})
	s.end = stdsync.OnceFunc(func() {
		cancel()
		running.Wait()
		if err := repository.Close(); err != nil {
			s.Error(err)
		}
	})
	s.Cleanup(s.end)
}

// tell gives the daemon the roster as it is now.
func (s *fleetStage) tell() {
	feeds := map[string]*sync.Feed{}
	maps.Copy(feeds, s.others)
	if !s.without {
		feeds["shop"] = s.feed
	}
	s.rosters <- sync.Roster{Feeds: feeds, Apps: s.apps, Sets: s.sets, Refuses: s.refuses}
}

// folder writes an app of one ConfigMap, named as the folder.
func (s *fleetStage) folder(names ...string) {
	for _, name := range names {
		s.repo.Write("apps/"+name+"/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\n")
	}
}

// live waits until the app's ConfigMaps in the cluster are those, and the apps that are looked after as many as wanted.
func (s *fleetStage) live(apps int, names ...string) {
	s.Helper()
	want := strings.Join(names, " ")
	clustertest.Eventually(s, fmt.Sprintf("%d apps, and %s", apps, want), func(ctx context.Context) (bool, string) {
		var list corev1.ConfigMapList
		err := s.client.List(ctx, &list, client.InNamespace(s.namespace), client.HasLabels{"lockstep.dev/app"})
		var found []string
		for _, item := range list.Items {
			found = append(found, item.Name)
		}
		healthy, state := 0, fmt.Sprint(found, err)
		for _, app := range s.store.Apps() {
			state += "; " + app.Name + " " + describe(app)
			if app.State == sync.Healthy {
				healthy++
			}
		}
		return err == nil && strings.Join(found, " ") == want && healthy == apps && len(s.store.Apps()) == apps, state
	})
}

// at waits until all apps of the store are healthy at the commit.
func (s *fleetStage) at(hash string, apps int) {
	s.Helper()
	clustertest.Eventually(s, fmt.Sprintf("%d apps at %s", apps, hash[:7]), func(context.Context) (bool, string) {
		there, state := 0, ""
		for _, app := range s.store.Apps() {
			if app.State == sync.Healthy && app.Revision.Healthy.Hash == hash && app.Revision.Seen.Hash == hash {
				there++
			} else {
				state += app.Name + " " + describe(app) + "\n"
			}
		}
		return there == apps, state
	})
}

// until waits until one app's status is as wanted.
func (s *fleetStage) until(app sync.App, what string, wanted func(status.App) bool) status.App {
	s.Helper()
	var is status.App
	clustertest.Eventually(s, app.Name+" "+what, func(context.Context) (bool, string) {
		is, _ = s.store.App(app.Name)
		return wanted(is), describe(is)
	})
	return is
}

// healthyAt is a wish for until.
func healthyAt(hash string) func(status.App) bool {
	return func(app status.App) bool { return app.State == sync.Healthy && app.Revision.Healthy.Hash == hash }
}
