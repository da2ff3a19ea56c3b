package metrics

import (
	stdsync "sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
)

var successDesc = prometheus.NewDesc(prefix+"app_last_success_timestamp_seconds",
	"When a pass last ended with the newest commit live and healthy.", []string{"app"}, nil)

// accounts are what has to be known of each app from one event to the next, and the time of its last success. The zero value
// has none.
type accounts struct {
	mu stdsync.Mutex
	of map[string]*account
}

// account is that of one app. It is used by one goroutine at a time, but for success.
type account struct {
	success time.Time // under mu
	failed  failure
	judged  bool // by this process: what the first pass of a daemon finds healthy, another has counted
	open    bool // the commit was left without a verdict by whoever began with it
	truces  map[object.ID]string
}

// failure is a verdict that is not to be counted again when a pass looks at the same commit once more.
type failure struct {
	revision git.Revision
	reason   string
}

func (a *accounts) get(app string) *account {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.of == nil {
		a.of = map[string]*account{}
	}
	if a.of[app] == nil {
		a.of[app] = &account{truces: map[object.ID]string{}}
	}
	return a.of[app]
}

func (a *accounts) forget(app string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.of, app)
}

func (a *accounts) succeeded(app string, at time.Time) {
	one := a.get(app)
	a.mu.Lock()
	defer a.mu.Unlock()
	one.success = at
}

// began reports whether c tells of a truce that has not been told of before.
func (a *account) began(c *apply.Change) bool {
	known := a.truces[c.ID] == c.Why // with its end in it
	a.truces[c.ID] = c.Why
	return !known
}

// Describe sends the one metric that there is.
func (a *accounts) Describe(to chan<- *prometheus.Desc) { to <- successDesc }

// Collect sends the last success of each app that had one.
func (a *accounts) Collect(to chan<- prometheus.Metric) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for app, one := range a.of {
		if !one.success.IsZero() {
			to <- prometheus.MustNewConstMetric(successDesc, prometheus.GaugeValue, float64(one.success.UnixMilli())/1000, app)
		}
	}
}
