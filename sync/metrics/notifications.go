package metrics

import "github.com/prometheus/client_golang/prometheus"

var notificationsDesc = prometheus.NewDesc(prefix+"notifications_total",
	"Notifications by what became of them: sent; failed, which is an attempt; dropped, as refused, too old or too many.", []string{"target", "outcome"}, nil)

// notifications collects what became of them, by target and outcome.
type notifications func() map[string]map[string]uint64

// Describe sends the one metric that there is.
func (n notifications) Describe(to chan<- *prometheus.Desc) { to <- notificationsDesc }

// Collect sends the counts of all targets.
func (n notifications) Collect(to chan<- prometheus.Metric) {
	for target, outcomes := range n() {
		for outcome, count := range outcomes {
			to <- prometheus.MustNewConstMetric(notificationsDesc, prometheus.CounterValue, float64(count), target, outcome)
		}
	}
}
