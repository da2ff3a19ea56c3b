package status

import (
	"maps"
	"slices"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
)

// Rollout is how the pods of an app were changed over, from the moment that its objects were written until it was healthy:
// what a report, which knows no time, cannot tell.
type Rollout struct {
	Began    time.Time     `json:"began"`
	Ended    time.Time     `json:"ended,omitzero"` // on record as healthy; zero until then
	Services []Coverage    `json:"services"`       // those that had endpoints before, in the order of the app's
	Replaced []Replacement `json:"replaced"`       // pods that others have taken the place of, in the order in which they went

	// pods are those that an old one, and those that a new one, have still to be found for.
	pods map[podKey]podState
}

// Coverage is how far a Service's endpoints went down in a rollout.
type Coverage struct {
	ID     object.ID `json:"id"`
	Name   string    `json:"name"`
	Before int       `json:"before"` // ready endpoints when it began
	Lowest int       `json:"lowest"` // the fewest that were seen
}

// Replacement is a pod that has gone, and the one that has come for it.
type Replacement struct {
	Workload object.ID `json:"workload"`
	Old      string    `json:"old"`
	New      string    `json:"new"`
	At       time.Time `json:"at"` // when the old one was going and the new one ready
	Ms       float64   `json:"ms"` // since the rollout began
}

// podKey names a pod of a workload. A StatefulSet's new pod is called as the old one was.
type podKey struct {
	workload object.ID
	name     string
	old      bool
}

// podState is how far a pod has come of which the rollout keeps account.
type podState struct {
	stale bool // an old pod that has been seen to be of another revision than the one that is wanted
	over  bool // an old pod that goes, a new one that is ready: it waits for its counterpart
	taken bool // it has one
	at    time.Time
}

// beginRollout takes down what runs before anything is written.
func beginRollout(at time.Time, workloads []health.Workload, services []health.Service) *Rollout {
	r := &Rollout{Began: at, Services: []Coverage{}, Replaced: []Replacement{}, pods: map[podKey]podState{}}
	for _, s := range services {
		if s.EndpointsReady > 0 {
			r.Services = append(r.Services, Coverage{s.ID, s.Name, s.EndpointsReady, s.EndpointsReady})
		}
	}
	for _, w := range workloads {
		for _, p := range w.Pods {
			if p.Status != terminating {
				r.pods[podKey{w.ID, p.Name, true}] = podState{}
			}
		}
	}
	return r
}

// terminating is the status of a pod on its way out.
const terminating = "Terminating"

// judged returns the rollout with what a report shows. A report that does not see the cluster shows nothing.
func (r *Rollout) judged(report *health.Report, at time.Time) *Rollout {
	if r == nil || !r.Ended.IsZero() || report.Status == health.Unknown {
		return r
	}
	next := *r
	next.Services, next.pods = slices.Clone(r.Services), maps.Clone(r.pods)
	for i := range next.Services {
		c := &next.Services[i]
		for _, s := range report.Services {
			if s.ID == c.ID {
				c.Lowest = min(c.Lowest, s.EndpointsReady)
			}
		}
	}
	for _, w := range report.Workloads {
		next.leaving(w, at)
		next.coming(w, at)
		next.pair(w.ID, at)
	}
	return &next
}

// leaving notes which of the old pods of w are on their way out.
func (r *Rollout) leaving(w health.Workload, at time.Time) {
	now := map[string]health.Pod{}
	for _, p := range w.Pods {
		now[p.Name] = p
	}
	for key, state := range r.pods {
		if key.workload != w.ID || !key.old || state.over {
			continue
		}
		p, there := now[key.name]
		state.stale = state.stale || there && !p.Updated
		if !there || p.Status == terminating || state.stale && p.Updated {
			state.over, state.at = true, at
		}
		r.pods[key] = state
	}
}

// coming notes which new pods of w are ready.
func (r *Rollout) coming(w health.Workload, at time.Time) {
	for _, p := range w.Pods {
		old, known := r.pods[podKey{w.ID, p.Name, true}]
		isNew := !known || old.stale && p.Updated
		key := podKey{w.ID, p.Name, false}
		if p.Ready && isNew && !r.pods[key].over {
			r.pods[key] = podState{over: true, at: at}
		}
	}
}

// pair finds a new pod for each old one that has gone: the one of its name, or else the one that was ready first.
func (r *Rollout) pair(workload object.ID, at time.Time) {
	for _, gone := range r.waiting(workload, true) {
		come := r.waiting(workload, false)
		if len(come) == 0 {
			return
		}
		partner := come[max(0, slices.IndexFunc(come, func(key podKey) bool { return key.name == gone.name }))]
		for _, key := range []podKey{gone, partner} {
			state := r.pods[key]
			state.taken = true
			r.pods[key] = state
		}
		r.Replaced = append(slices.Clip(r.Replaced), Replacement{
			Workload: workload, Old: gone.name, New: partner.name, At: at,
			Ms: float64(at.Sub(r.Began).Microseconds()) / 1000,
		})
	}
}

// ended returns the rollout as it is on record.
func (r *Rollout) ended(at time.Time) *Rollout {
	if r == nil || !r.Ended.IsZero() {
		return r
	}
	done := *r
	done.Ended, done.pods = at, nil
	return &done
}
