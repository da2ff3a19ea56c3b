package metrics

import "github.com/prometheus/client_golang/prometheus"

var leaderDesc = prometheus.NewDesc(prefix+"leader", "1 while this replica holds the lease, else 0.", []string{"name"}, nil)

// leading collects which leases are held.
type leading func() map[string]bool

// Describe sends the one metric that there is.
func (l leading) Describe(to chan<- *prometheus.Desc) { to <- leaderDesc }

// Collect sends a series for each lease.
func (l leading) Collect(to chan<- prometheus.Metric) {
	for name, held := range l() {
		is := 0.0
		if held {
			is = 1
		}
		to <- prometheus.MustNewConstMetric(leaderDesc, prometheus.GaugeValue, is, name)
	}
}
