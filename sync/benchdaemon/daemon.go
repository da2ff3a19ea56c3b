// Package benchdaemon is a fleet in a process of its own, built as the program is, so that what it costs can be told from what
// the benchmark costs that plays with it. Only benchmarks use it.
package benchdaemon

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	stdsync "sync"
	"time"

	"go.uber.org/zap"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/metrics"
	"github.com/lockstep-dev/lockstep/sync/status"
	"github.com/lockstep-dev/lockstep/sync/watch"
)

// Order is what the daemon is to do, as the JSON of its one argument.
type Order struct{ Kubeconfig, Repository, Namespace, State string }

// Word is what it says, a JSON line each.
type Word struct {
	App, Revision string // an app is healthy at a revision
	At            time.Time
	Usage         *Usage // the answer to a line on standard input
}

// Run keeps the apps of the order, which is JSON, in step until standard input ends.
func Run(text string) error {
	var order Order
	if err := json.Unmarshal([]byte(text), &order); err != nil {
		return err
	}
	config, err := clientcmd.BuildConfigFromFlags("", order.Kubeconfig)
	if err != nil {
		return err
	}
	counter := &callCounter{calls: map[string]int{}}
	config.QPS = -1
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &callProxy{counter, next} })
	connections, err := rest.HTTPClientFor(config)
	if err != nil {
		return err
	}
	mapper, err := apiutil.NewDynamicRESTMapper(config, connections)
	if err != nil {
		return err
	}
	c, err := client.NewWithWatch(config, client.Options{HTTPClient: connections, Scheme: scheme.Scheme, Mapper: object.Memo(mapper)})
	if err != nil {
		return err
	}
	shown, err := mirror.New(config, c.RESTMapper())
	if err != nil {
		return err
	}
	gate, err := health.NewGate(config, c.RESTMapper())
	if err != nil {
		return err
	}
	repository, err := git.Open(git.Options{URL: order.Repository, Branch: "main"})
	if err != nil {
		return err
	}
	ledger, applier := inventory.NewStore(c, order.State), apply.New(c, shown)
	store := status.NewStore()
	words := newWords(store)
	fleet := &sync.Fleet{
		Build: func(app sync.App) (*sync.Reconciler, error) {
			return &sync.Reconciler{App: app, Applier: applier, Gate: gate, Ledger: ledger}, nil
		},
		Records: func(ctx context.Context) ([]*inventory.Inventory, error) {
			all, _, err := ledger.All(ctx)
			return all, err
		},
		Observer: words, Log: zap.NewNop(),
	}
	feed := sync.NewFeed(repository, time.Minute)
	rosters := make(chan sync.Roster, 1)
	rosters <- sync.Roster{Feeds: map[string]*sync.Feed{"bench": feed}, Sets: []sync.Set{{Pattern: "apps/*", App: sync.App{
		Feed: "bench", Set: "bench apps/*", Repository: order.Repository, Namespace: order.Namespace, Prune: true, Timeout: time.Hour,
	}}}}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	defer profile()()
	go words.answer(os.Stdin, counter, store, stop)
	go watch.Watcher{Paths: repository.Watch, Floor: time.Minute, Changed: feed.Wake}.Run(ctx)
	return fleet.Run(ctx, rosters)
}

// words says when an app is healthy.
type words struct {
	next []sync.Observer // of the program those that keep something of each app
	mu   stdsync.Mutex
	out  *json.Encoder
}

func newWords(store *status.Store) *words {
	return &words{out: json.NewEncoder(os.Stdout), next: []sync.Observer{
		store, metrics.New(metrics.Build{}, store, func() int { return 0 }),
	}}
}

func (w *words) Observe(ctx context.Context, event sync.Event) {
	for _, next := range w.next {
		next.Observe(ctx, event)
	}
	if event.Record == nil && event.Err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if event.Err != nil {
		fmt.Fprintln(os.Stderr, event.Err)
		return
	}
	_ = w.out.Encode(Word{App: event.App, Revision: event.Revision.Hash, At: event.At})
}
