package status

import (
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// Names of the marks of a [Timeline], in their order.
const (
	Committed      = "committed"      // the branch moved to the commit, as far as the source can tell
	Seen           = "seen"           // the daemon fetched it
	Applied        = "applied"        // every object is written
	PodsReady      = "podsReady"      // every workload is rolled out
	EndpointsReady = "endpointsReady" // every Service routes to those pods
	Healthy        = "healthy"        // on record as healthy
)

// Mark is one moment of a commit's way.
type Mark struct {
	Step string    `json:"step"`
	At   time.Time `json:"at"`
	Ms   float64   `json:"ms"` // since the first mark
}

// Timeline is a commit's way, in order. Each step is in it at most once: the first time that it was reached.
type Timeline []Mark

// start begins a timeline. When the commit was there before the daemon was, the time since then is nobody's merit.
func start(s *git.Snapshot, seen time.Time, first bool) Timeline {
	var t Timeline
	if !first && !s.Moved.IsZero() && s.Moved.Before(seen) {
		t = t.mark(Committed, s.Moved)
	}
	return t.mark(Seen, seen)
}

// mark returns the timeline with a step in it that has been reached at a moment.
func (t Timeline) mark(step string, at time.Time) Timeline {
	if t.At(step) != nil {
		return t
	}
	var since time.Duration
	if len(t) > 0 {
		since = at.Sub(t[0].At)
	}
	longer := append(make(Timeline, 0, len(t)+1), t...)
	return append(longer, Mark{Step: step, At: at, Ms: float64(since.Microseconds()) / 1000})
}

// judged returns the timeline with what a report says has been reached, once everything is applied.
func (t Timeline) judged(r *health.Report, at time.Time) Timeline {
	if t.At(Applied) == nil {
		return t
	}
	for _, w := range r.Workloads {
		if w.Status != health.Current {
			return t
		}
	}
	t = t.mark(PodsReady, at)
	if r.Status == health.Current {
		t = t.mark(EndpointsReady, at)
	}
	return t
}

// At returns the mark of a step, nil if it has not been reached.
func (t Timeline) At(step string) *Mark {
	for i := range t {
		if t[i].Step == step {
			return &t[i]
		}
	}
	return nil
}

// Total is the time from the first mark to the last.
func (t Timeline) Total() time.Duration {
	if len(t) == 0 {
		return 0
	}
	return t[len(t)-1].At.Sub(t[0].At)
}
