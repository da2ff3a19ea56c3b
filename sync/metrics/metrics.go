package metrics

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// prefix is how the name of every metric of ours begins.
const prefix = "lockstep_"

// Build says what the program was built from.
type Build struct{ Version, Commit, Go string }

// Metrics are all metrics of a daemon. It is safe for concurrent use.
type Metrics struct {
	registry *prometheus.Registry
	store    *status.Store

	steps        *prometheus.HistogramVec
	healthy      *prometheus.HistogramVec
	objects      *tallies
	drift        *tallies
	fights       *tallies
	verdicts     *tallies
	rollbacks    *tallies
	fetches      *prometheus.CounterVec
	fetchErrors  *prometheus.CounterVec
	lastFetch    *prometheus.GaugeVec
	requests     *prometheus.CounterVec
	accounts     accounts
	repositories names
}

// New returns the metrics of the apps in store, which has to be told of each event before them. The apps
// that wait for their turn to work are those that waiting counts.
func New(build Build, store *status.Store, waiting func() int) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(), store: store,
		steps: prometheus.NewHistogramVec(histogram("step_duration_seconds",
			"How long a step of a pass took; passes that found the app in step are not counted.",
			0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900), []string{"step"}),
		healthy: prometheus.NewHistogramVec(histogram("commit_to_healthy_seconds",
			"From a commit, or from the moment that it was fetched where a remote does not tell, until it served. Of commits that wrote an object.",
			0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600), []string{"app"}),
		objects:     tallied("objects_total", "Outcomes of objects in passes: created, configured, unchanged, pruned, skipped.", "action"),
		drift:       tallied("drift_corrections_total", "Objects that somebody else had changed or deleted, and that were set back."),
		fights:      tallied("fights_total", "Times that an object was left alone for a while, as somebody changes it back each time."),
		verdicts:    tallied("gate_verdicts_total", "Verdicts of the gate: Healthy, or the reason why not.", "reason"),
		rollbacks:   tallied("rollbacks_total", "Commits that did not serve, and were taken back for the last healthy state."),
		fetches:     counter("repository_fetches_total", "Times that a repository was asked for its newest commit.", "repository"),
		fetchErrors: counter("repository_fetch_errors_total", "Times that a repository could not be asked or read, by type.", "repository", "type"),
		lastFetch: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: prefix + "repository_last_fetch_timestamp_seconds", Help: "When a repository was last asked with success; 0 where it has not been since the daemon began.",
		}, []string{"repository"}),
		requests: counter("api_requests_total", "Requests to the Kubernetes API; the code is error where there was no answer.", "verb", "code"),
	}
	for _, step := range steps {
		m.steps.WithLabelValues(string(step))
	}
	m.registry.MustRegister(
		m.steps, m.healthy, m.objects, m.drift, m.fights, m.verdicts, m.rollbacks, m.fetches, m.fetchErrors, m.lastFetch, m.requests,
		&states{store: store}, &m.accounts, built(build),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: prefix + "queue_depth", Help: "Apps that wait for their turn to be planned and applied.",
		}, func() float64 { return float64(waiting()) }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Leads adds which of the leases by which replicas take turns this one holds, by name. It is called once at most.
func (m *Metrics) Leads(leads func() map[string]bool) { m.registry.MustRegister(leading(leads)) }

// Notifies adds what became of notifications, by the name of the target and by the outcome: as many as count says, which begins at 0
// for each target and falls only where it begins anew. It is called once at most.
func (m *Metrics) Notifies(count func() map[string]map[string]uint64) {
	m.registry.MustRegister(notifications(count))
}

// Gatherer is where all metrics are read.
func (m *Metrics) Gatherer() prometheus.Gatherer { return m.registry }

// Handler serves the metrics, in the format that is asked for: text, OpenMetrics, or protobuf, which native histograms need.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4, Timeout: 10 * time.Second, EnableOpenMetrics: true})
}

func counter(name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Name: prefix + name, Help: help}, labels)
}

// histogram is a native one and a classic one at once, of those upper bounds in seconds.
func histogram(name, help string, buckets ...float64) prometheus.HistogramOpts {
	return prometheus.HistogramOpts{
		Name: prefix + name, Help: help,
		Buckets:                         buckets,
		NativeHistogramBucketFactor:     1.1,
		NativeHistogramMaxBucketNumber:  100,
		NativeHistogramMinResetDuration: time.Hour,
	}
}

func built(b Build) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: prefix + "build_info", Help: "What the program was built from; always 1.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit, "goversion": b.Go},
	}, func() float64 { return 1 })
}
