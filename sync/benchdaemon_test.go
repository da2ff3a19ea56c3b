package sync_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	stdsync "sync"
	"syscall"
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
	"github.com/lockstep-dev/lockstep/sync/status"
	"github.com/lockstep-dev/lockstep/sync/watch"
)

// benchDaemon is the environment variable that makes this test binary a daemon: one fleet in a process of its own, so that
// what it costs can be told from what the benchmark costs.
const benchDaemon = "LOCKSTEP_BENCH_DAEMON"

// benchOrder is what the daemon is to do, as the variable's value.
type benchOrder struct{ Kubeconfig, Repository, Namespace, State string }

// benchWord is what it says, a JSON line each.
type benchWord struct {
	App, Revision string // an app is healthy at a revision
	At            time.Time
	Usage         *benchUsage // the answer to a line on standard input
}

// benchUsage is what the process has used so far.
type benchUsage struct {
	CPU           time.Duration
	RSS           int64          // the most so far, in bytes
	Heap, Stacks  uint64         // in use now, in bytes
	Calls         map[string]int // by verb: GET, LIST, WATCH, APPLY, DRYRUN, WRITE
	Goroutines    int
	Apps, Healthy int
}

// callCounter counts what goes to the API server.
type callCounter struct {
	mu    stdsync.Mutex
	calls map[string]int
}

func verbOf(request *http.Request) string {
	query := request.URL.Query()
	switch {
	case request.Method == http.MethodGet && query.Has("watch"):
		return "WATCH"
	case request.Method == http.MethodGet && (query.Has("limit") || query.Has("resourceVersion")):
		return "LIST"
	case request.Method == http.MethodPatch && query.Has("dryRun"):
		return "DRYRUN"
	case request.Method == http.MethodPatch:
		return "APPLY"
	case request.Method == http.MethodGet:
		return "GET"
	}
	return "WRITE"
}

// runBenchDaemon is the daemon's main.
func runBenchDaemon(text string) int {
	if err := benchMain(text); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func benchMain(text string) error {
	var order benchOrder
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
	words := &benchWords{next: store, out: json.NewEncoder(os.Stdout)}
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

// profile writes what the daemon spends its time and memory on, to the files cpu.pprof, heap.pprof and, when it was most,
// peak.pprof in the folder that the environment names, if it does.
func profile() (end func()) {
	dir := os.Getenv("LOCKSTEP_BENCH_PROFILE")
	if dir == "" {
		return func() {}
	}
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return func() {}
	}
	_ = pprof.StartCPUProfile(cpu)
	over := make(chan struct{})
	go func() {
		var most uint64
		for ticker := time.NewTicker(2 * time.Second); ; {
			select {
			case <-over:
				return
			case <-ticker.C:
			}
			var now runtime.MemStats
			if runtime.ReadMemStats(&now); now.HeapAlloc > most {
				most = now.HeapAlloc
				writeHeap(filepath.Join(dir, "peak.pprof"))
			}
		}
	}()
	return func() {
		close(over)
		pprof.StopCPUProfile()
		_ = cpu.Close()
		runtime.GC()
		writeHeap(filepath.Join(dir, "heap.pprof"))
	}
}

func writeHeap(name string) {
	if heap, err := os.Create(name); err == nil {
		_ = pprof.WriteHeapProfile(heap)
		_ = heap.Close()
	}
}

// callProxy counts by the one counter, whichever transport it wraps.
type callProxy struct {
	counter *callCounter
	next    http.RoundTripper
}

func (p *callProxy) RoundTrip(request *http.Request) (*http.Response, error) {
	p.counter.mu.Lock()
	p.counter.calls[verbOf(request)]++
	p.counter.mu.Unlock()
	return p.next.RoundTrip(request)
}

// benchWords says when an app is healthy.
type benchWords struct {
	next sync.Observer
	mu   stdsync.Mutex
	out  *json.Encoder
}

func (w *benchWords) Observe(ctx context.Context, event sync.Event) {
	w.next.Observe(ctx, event)
	if event.Record == nil && event.Err == nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if event.Err != nil {
		fmt.Fprintln(os.Stderr, event.Err)
		return
	}
	_ = w.out.Encode(benchWord{App: event.App, Revision: event.Revision.Hash, At: event.At})
}

// answer says what was used whenever a line comes in, and ends the daemon when none can come any more.
func (w *benchWords) answer(in io.Reader, counter *callCounter, store *status.Store, stop func()) {
	lines := bufio.NewScanner(in)
	for lines.Scan() {
		usage := &benchUsage{Calls: map[string]int{}, Goroutines: runtime.NumGoroutine()}
		var self syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &self); err == nil {
			usage.CPU = time.Duration(self.Utime.Nano() + self.Stime.Nano())
			usage.RSS = self.Maxrss * maxrssUnit()
		}
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		usage.Heap, usage.Stacks = memory.HeapAlloc, memory.StackInuse
		counter.mu.Lock()
		maps.Copy(usage.Calls, counter.calls)
		counter.mu.Unlock()
		for _, app := range store.Apps() {
			usage.Apps++
			if app.State == sync.Healthy {
				usage.Healthy++
			}
		}
		w.mu.Lock()
		_ = w.out.Encode(benchWord{At: time.Now(), Usage: usage})
		w.mu.Unlock()
	}
	stop()
}

// maxrssUnit is what the system counts the resident set in.
func maxrssUnit() int64 {
	if runtime.GOOS == "darwin" {
		return 1
	}
	return 1024
}
