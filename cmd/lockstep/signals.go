package main

import (
	"net"
	"net/http"
	"runtime"
	"runtime/debug"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/metrics"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// signals are what a daemon tells an operator beside the status of its apps.
type signals struct {
	metrics *metrics.Metrics
	pool    *sync.Pool      // of the fleet, whose queue is measured
	pprof   net.Listener    // of --pprof, nil without
	level   zap.AtomicLevel // of the log
}

// newSignals returns those of the apps in store.
func newSignals(store *status.Store) *signals {
	pool := sync.NewPool(sync.DefaultWorkers)
	build := metrics.Build{Version: buildVersion(), Commit: commitBuilt(), Go: runtime.Version()}
	return &signals{metrics: metrics.New(build, store, pool.Waiting), pool: pool}
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
func (s *signals) traced(trace sync.Trace) { s.metrics.Traced(trace) }

// handler serves all that is asked of the address of --listen.
func (d *daemon) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", d.signals.metrics.Handler())
	mux.Handle("/", d.store.Handler())
	return mux
}
