package health

import (
	"slices"
	"sync/atomic"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// How long a check that is on its way, and plainly not there yet, is not looked at again: a rollout of three pods is twenty
// changes, of which the last two decide. It is longer the more checks are on their way at once, and the longer this one is.
// What has become worse is looked at whenever that happens.
const (
	leastPace = 20 * time.Millisecond
	pacePer   = 5 * time.Millisecond // and check
	mostPace  = 2 * time.Second
	mostLooks = 3 // times it is doubled
	paceShare = 4 // and looking at it takes no more than one part in so many of the time
)

// pace is when a check was looked at last, and whether it is one of those on their way.
type pace struct {
	looked time.Time
	took   time.Duration // the last look: of an app of thousands of objects it is long
	looks  int           // since the check is on its way
	counts bool
	later  bool        // nothing was seen yet, and need not be before twice the pace
	urgent atomic.Bool // something has become worse
	timer  *time.Timer
}

// pace is that of all checks of the gate.
func (g *Gate) pace() time.Duration {
	return min(mostPace, max(leastPace, time.Duration(g.waiting.Load())*pacePer))
}

// between is how long the check is not looked at again.
func (p *pace) between(g *Gate) time.Duration {
	if p.later {
		return 2 * g.pace()
	}
	return max(g.pace()<<min(p.looks, mostLooks), paceShare*p.took)
}

// postponed tells that the check need not be looked at yet, since nothing that it waits for can be complete, and has it
// looked at when its time has come.
func (s *session) postponed() bool {
	urgent := s.pace.urgent.Swap(false)
	since := time.Since(s.pace.looked)
	wait := s.pace.between(s.gate) - since
	if wait <= 0 || urgent || !s.bound() {
		s.pace.looked, s.pace.later = time.Now(), false
		return false
	}
	if s.pace.timer != nil {
		s.pace.timer.Stop()
	}
	s.pace.timer = time.AfterFunc(wait, s.poke)
	return true
}

// bound tells that the next report can be no other than that the check is on its way.
func (s *session) bound() bool {
	if s.report == nil {
		return s.pace.later
	}
	return s.report.Status == InProgress && s.incomplete()
}

// begins notes a check of something that its controllers have not seen yet. Nothing can be told of it so soon, so that in a crowd
// its first look waits as the later ones do, and the applies of others go first.
func (s *session) begins() {
	if !slices.ContainsFunc(s.targets, func(t target) bool { return t.outline.unseen }) {
		return
	}
	s.pace.count(s.gate, true)
	if s.gate.pace() > leastPace {
		s.pace.looked, s.pace.later = time.Now(), true
	}
}

// unseen tells an applied Deployment whose controller has not seen it yet, as the API server's answer to the apply says.
func unseen(o *unstructured.Unstructured) bool {
	observed, _, err := unstructured.NestedInt64(o.Object, "status", "observedGeneration")
	return err == nil && observed < o.GetGeneration() && o.GroupVersionKind().GroupKind() == gkDeployment
}

// incomplete tells that some Deployment of the check says itself that it is not there yet.
func (s *session) incomplete() bool {
	return slices.ContainsFunc(s.targets, func(t target) bool {
		src := s.source(t.key)
		return !t.passive && src != nil && src.lacks(t.ref())
	})
}

// rolling tells a Deployment that lacks pods, whatever was asked of it since.
func rolling(o any) bool {
	d, ok := o.(*appsv1.Deployment)
	if !ok {
		return false
	}
	wanted := int32(1)
	if d.Spec.Replicas != nil {
		wanted = *d.Spec.Replicas
	}
	is := d.Status
	return is.ObservedGeneration < d.Generation || is.UpdatedReplicas < wanted || is.AvailableReplicas < wanted || is.Replicas > is.UpdatedReplicas
}

// told notes whether the check is on its way.
func (p *pace) told(g *Gate, r *Report) {
	p.looks++
	if p.count(g, r.Status != Current) {
		p.looks = 0
	}
}

// count has the check be one of those on their way, or none of them, and reports whether that is new.
func (p *pace) count(g *Gate, counts bool) (changed bool) {
	if counts == p.counts {
		return false
	}
	p.counts = counts
	if counts {
		g.waiting.Add(1)
	} else {
		g.waiting.Add(-1)
	}
	return true
}

// over ends it.
func (p *pace) over(g *Gate) {
	if p.timer != nil {
		p.timer.Stop()
	}
	p.count(g, false)
}
