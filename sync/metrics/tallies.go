package metrics

import (
	"slices"
	stdsync "sync"

	"github.com/prometheus/client_golang/prometheus"
)

// tallies are one counter of each app, or with a second label several. They are numbers until somebody scrapes them: as metrics of the
// library they would take half a KiB each, of a thousand apps more than the apps themselves. It is safe for concurrent use.
type tallies struct {
	desc *prometheus.Desc

	mu stdsync.Mutex
	of map[string][]tally // by app
}

// tally is one of them, by the value of the second label.
type tally struct {
	label string // empty where there is none
	count uint64
}

// tallied returns a counter of each app, and of each value of the further labels, of which there may be one.
func tallied(name, help string, further ...string) *tallies {
	return &tallies{
		desc: prometheus.NewDesc(prefix+name, help, append([]string{"app"}, further...), nil), of: map[string][]tally{},
	}
}

// add counts n more; 0 has the series begin.
func (t *tallies) add(app, label string, n uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	at := slices.IndexFunc(t.of[app], func(one tally) bool { return one.label == label })
	if at < 0 {
		t.of[app], at = append(t.of[app], tally{label: label}), len(t.of[app])
	}
	t.of[app][at].count += n
}

func (t *tallies) forget(app string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.of, app)
}

// Describe sends the one metric that there is.
func (t *tallies) Describe(to chan<- *prometheus.Desc) { to <- t.desc }

// Collect sends the counters of all apps. Whoever counts does not wait for who takes them.
func (t *tallies) Collect(to chan<- prometheus.Metric) {
	for _, m := range t.read() {
		to <- m
	}
}

func (t *tallies) read() (all []prometheus.Metric) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for app, counts := range t.of {
		for _, one := range counts {
			labels := []string{app}
			if one.label != "" {
				labels = append(labels, one.label)
			}
			all = append(all, prometheus.MustNewConstMetric(t.desc, prometheus.CounterValue, float64(one.count), labels...))
		}
	}
	return all
}
