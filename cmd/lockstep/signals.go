package main

import (
	"cmp"
	"net"
	"net/http"
	"os"
	"runtime"
	"runtime/debug"

	"go.uber.org/zap"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/config"
	"github.com/lockstep-dev/lockstep/cmd/lockstep/redact"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/metrics"
	"github.com/lockstep-dev/lockstep/sync/notify"
	"github.com/lockstep-dev/lockstep/sync/otlp"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// signals are what a daemon tells an operator beside the status of its apps.
type signals struct {
	metrics  *metrics.Metrics
	notifier *notify.Notifier
	traces   *otlp.Exporter // nil where nobody asked for it
	store    *status.Store
	log      *zap.Logger
	pool     *sync.Pool      // of the fleet, whose queue is measured
	pprof    net.Listener    // of --pprof, nil without
	level    zap.AtomicLevel // of the log
}

// newSignals returns those of the apps in store.
func newSignals(store *status.Store, log *zap.Logger) *signals {
	pool := sync.NewPool(sync.DefaultWorkers)
	build := metrics.Build{Version: buildVersion(), Commit: commitBuilt(), Go: runtime.Version()}
	s := &signals{store: store, log: log, metrics: metrics.New(build, store, pool.Waiting), notifier: notify.New(store, redact.Text, log), pool: pool}
	s.metrics.Notifies(s.notifier.Counts)
	return s
}

// commitBuilt is the commit that the program was built from, as far as that is recorded.
func commitBuilt() string {
	if buildCommit != "" {
		return buildCommit
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return "unknown"
}

// traced keeps account of the passes that have ended.
func (s *signals) traced(trace sync.Trace) {
	s.metrics.Traced(trace)
	if s.traces != nil {
		s.traces.Traced(trace)
	}
}

// notify has those told who are in the config.
func (s *signals) notify(all []config.Notification) {
	targets := make([]notify.Target, len(all))
	for i, one := range all {
		targets[i] = one.Target
	}
	s.notifier.Set(targets...)
}

// watch adds the signals to those who are told what happens, behind the store.
func (s *signals) watch(d *daemon) {
	d.traced = s.traced
	d.observe(s.metrics)
	d.observe(s.notifier)
	d.observe(s.recorder(d.workshop))
}

// recorder writes events of Kubernetes, on the daemon's own pod or, where it runs in none, on the records of the apps.
func (s *signals) recorder(w *workshop) *notify.Recorder {
	pod := corev1.ObjectReference{
		APIVersion: "v1", Kind: "Pod", Namespace: os.Getenv("POD_NAMESPACE"), Name: os.Getenv("POD_NAME"), UID: types.UID(os.Getenv("POD_UID")),
	}
	own := func(app string) corev1.ObjectReference {
		if pod.Name != "" && pod.Namespace != "" {
			return pod
		}
		return corev1.ObjectReference{APIVersion: "v1", Kind: "Secret", Namespace: w.namespace, Name: inventory.NameOf(app)}
	}
	instance, err := os.Hostname()
	if err != nil {
		instance = "lockstep"
	}
	return notify.NewRecorder(w.client, s.store, cmp.Or(pod.Name, instance), own, redact.Text, s.log)
}

// handler serves all that is asked of the address of --listen.
func (d *daemon) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.signals.metrics.Handler())
	if d.asking != nil {
		mux.Handle("/api/v1/apps/{app}/sync", d.asking)
	}
	if d.replica != nil {
		newPeers(d.replica, d.store).handle(mux)
	}
	mux.Handle("/", d.store.Handler())
	return mux
}
