package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Failure is the error of a [Gate.Wait] that ended without health: a terminal problem, or the deadline.
type Failure struct {
	Report *Report // its Status is Failed
}

// Error is the cause, as what it is.
func (f *Failure) Error() string { return "not healthy: " + f.Cause() }

// Cause is the reason and the message of the report, and where in git its object stands.
func (f *Failure) Cause() string {
	if place := f.Report.Place(); place != "" {
		return fmt.Sprintf("%s: %s: %s", f.Report.Reason, place, f.Report.Message)
	}
	return fmt.Sprintf("%s: %s", f.Report.Reason, f.Report.Message)
}

// Place is where in git the object stands that the report's reason is about, as file:line; empty where that is not known.
func (r *Report) Place() string {
	for _, p := range r.Problems {
		if p.Reason == r.Reason {
			return p.Place()
		}
	}
	return ""
}

// Place is where in git the problem's object stands, as file:line; empty where that is not known.
func (p *Problem) Place() string {
	if p.File == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", p.File, p.Line)
}

// expired is the report of a gate whose time is up. What kept the objects from being Current becomes what failed them;
// DeadlineExceeded is said only where nothing more is known.
func (r *Report) expired(after time.Duration) *Report {
	late := *r
	late.Status = Failed
	if r.Reason == RolloutInProgress || r.Reason == "" {
		p := r.probing()
		if p == nil {
			p = &Problem{Reason: DeadlineExceeded, Object: r.blamed(), Message: r.Message, Advice: advice(DeadlineExceeded, nil, r.Message)}
		}
		late.Problems = append(slices.Clone(r.Problems), *p)
		late.Reason = p.Reason
	}
	late.Message = fmt.Sprintf("%s, after %s", strings.TrimSuffix(late.Message, "."), after)
	return &late
}

// probing is the problem of pods that run, and of which nothing else is known than that they have not become ready: now
// that time is up, their probes have failed. Nil when there are none.
func (r *Report) probing() *Problem {
	for _, w := range r.Workloads {
		var p *Problem
		for _, pod := range w.Pods {
			if w.Status == Current || pod.Reason != ProbeFailing {
				continue
			}
			if p == nil {
				p = &Problem{Reason: ProbeFailing, Object: w.ID, Message: pod.Message, Advice: advice(ProbeFailing, nil, pod.Message)}
			}
			p.Pods = append(p.Pods, pod.Name)
		}
		if p != nil {
			return p
		}
	}
	return nil
}

// blamed is the first workload or service that is not Current, or else the first object of another kind.
func (r *Report) blamed() object.ID {
	for _, w := range r.Workloads {
		if w.Status != Current {
			return w.ID
		}
	}
	for _, s := range r.Services {
		if s.Status != Current {
			return s.ID
		}
	}
	return r.Late
}
