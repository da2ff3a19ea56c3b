package metrics

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// all are the states that an app may be in, each a series.
var all = []sync.State{
	sync.Pending, sync.Syncing, sync.Progressing, sync.Healthy, sync.RolledBack, sync.Failed, sync.Blocked, sync.Suspended,
}

var stateDesc = prometheus.NewDesc(prefix+"app_state", "1 for the state that an app is in, 0 for the others.", []string{"app", "state"}, nil)

// states collects what the store has.
type states struct{ store *status.Store }

// Describe sends the one metric that there is.
func (s *states) Describe(to chan<- *prometheus.Desc) { to <- stateDesc }

// Collect sends the states of all apps.
func (s *states) Collect(to chan<- prometheus.Metric) {
	for _, app := range s.store.Apps() {
		for _, state := range all {
			is := 0.0
			if app.State == state {
				is = 1
			}
			to <- prometheus.MustNewConstMetric(stateDesc, prometheus.GaugeValue, is, app.Name, string(state))
		}
	}
}
