package health

import (
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
)

// How long a check that is on its way, and plainly not there yet, is not looked at again: a rollout of three pods is twenty
// changes, of which the last two decide. It is longer the more checks are on their way at once.
const (
	leastPace = 20 * time.Millisecond
	pacePer   = 5 * time.Millisecond // and check
	mostPace  = 2 * time.Second
	mostDull  = 4 * time.Second // is the longest for one that has said the same again and again
)

// pace is when a check was looked at last, and whether it is one of those on their way.
type pace struct {
	looked time.Time
	same   int // times in a row that nothing new came of it
	counts bool
	urgent atomic.Bool // something has changed that every report is to show: the endpoints
	timer  *time.Timer
}

// pace is that of all checks of the gate.
func (g *Gate) pace() time.Duration {
	return min(mostPace, max(leastPace, time.Duration(g.waiting.Load())*pacePer))
}

// between is how long the check is not looked at again: the longer, the less has come of it lately.
func (p *pace) between(g *Gate) time.Duration {
	return min(mostDull, g.pace()<<min(p.same, 2))
}

// postponed tells that the check need not be looked at yet, since nothing that it waits for can be complete, and has it
// looked at when its time has come.
func (s *session) postponed() bool {
	urgent := s.pace.urgent.Swap(false)
	since := time.Since(s.pace.looked)
	wait := s.pace.between(s.gate) - since
	if wait <= 0 || urgent || s.report == nil || s.report.Status != InProgress || !s.incomplete() {
		s.pace.looked = time.Now()
		return false
	}
	if s.pace.timer != nil {
		s.pace.timer.Stop()
	}
	s.pace.timer = time.AfterFunc(wait, s.poke)
	return true
}

// incomplete tells that some Deployment of the check says itself that it is not there yet.
func (s *session) incomplete() bool {
	for _, t := range s.targets {
		src := s.sources[t.key]
		if t.passive || src == nil {
			continue
		}
		for _, o := range src.find(refName(t.applied.GetName())) {
			if d, ok := o.(*appsv1.Deployment); ok && rolling(d) {
				return true
			}
		}
	}
	return false
}

// rolling tells a Deployment that lacks pods, whatever was asked of it since.
func rolling(d *appsv1.Deployment) bool {
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	is := d.Status
	return is.ObservedGeneration < d.Generation || is.UpdatedReplicas < wanted || is.AvailableReplicas < wanted || is.Replicas > is.UpdatedReplicas
}

// told notes whether the check is on its way, and whether its report says something new.
func (p *pace) told(g *Gate, r *Report, news bool) {
	p.same++
	if news {
		p.same = 0
	}
	if counts := r.Status != Current; counts != p.counts {
		p.counts = counts
		g.waiting.Add(map[bool]int64{true: 1, false: -1}[counts])
	}
}

// over ends it.
func (p *pace) over(g *Gate) {
	if p.timer != nil {
		p.timer.Stop()
	}
	if p.counts {
		p.counts = false
		g.waiting.Add(-1)
	}
}

// hurried is how a session hears of what no report may leave out.
type hurried struct{ *session }

func (h hurried) poke() {
	h.pace.urgent.Store(true)
	h.session.poke()
}

// listenerTo is what a source of that key tells.
func (s *session) listenerTo(key sourceKey) listener {
	if key.resource == sliceResource {
		return hurried{s}
	}
	return s
}
