package health

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Compute judges the state. It reads no clock and calls nobody, so the same state always gives the same report. An object
// that is unhealthy, or whose status makes no sense, is an entry of the report and never an error.
//
// The report is Current when every target is, Failed when a problem is terminal, Unknown while a watch does not see the
// cluster, and InProgress otherwise.
func Compute(s State) *Report {
	v := newView(s)
	r := &Report{Workloads: []Workload{}, Services: []Service{}, Problems: []Problem{}, Warnings: []Problem{}}
	var waiting []string // what keeps the report from being Current, a phrase each
	for _, t := range v.Targets {
		id := object.Of(t.Applied)
		if !isWorkload(id.GroupKind()) {
			continue
		}
		w, problems := v.workload(t)
		v.workloads[id] = w
		r.Problems = append(r.Problems, problems...)
	}
	v.decide(r.Problems)
	for _, w := range v.judged() {
		waiting = appendPhrase(waiting, w.ID, w.Status, w.Message)
	}
	for _, t := range v.Targets {
		id := object.Of(t.Applied)
		switch {
		case isWorkload(id.GroupKind()):
		case gated(t):
			row, problems := v.service(t)
			r.Services = append(r.Services, row)
			r.Problems = append(r.Problems, problems...)
			waiting = appendPhrase(waiting, id, row.Status, row.Message)
		case isService(id.GroupKind()):
			row := v.unselective(t)
			r.Services = append(r.Services, row.counted()...)
			waiting = appendPhrase(waiting, id, row.Status, row.Message)
		default:
			said := v.judge(t)
			said.message = oneLine(said.message) // whoever writes the status may write anything
			r.Problems = append(r.Problems, troubled(t, said)...)
			r.Problems = append(r.Problems, v.unbacked(t)...)
			waiting = appendPhrase(waiting, id, said.status, said.message)
			if said.status != Current && r.Late == (object.ID{}) {
				r.Late = id
			}
		}
	}
	r.Workloads = append(r.Workloads, v.judged()...)
	r.Warnings = append(r.Warnings, v.warnings(r)...)
	r.sort()
	r.conclude(waiting, v.Blind)
	return r
}

// troubled is the problem of an object of any other kind: that it says that it has failed for good, or what is known to
// keep it from being Current.
func troubled(t Target, said verdict) []Problem {
	if said.status != Failed && said.reason == "" {
		return nil
	}
	p := Problem{
		Reason: cmp.Or(said.reason, Stalled), Object: object.Of(t.Applied), Message: said.message, Terminal: said.status == Failed,
		Pods: said.pods,
	}
	p.Advice = cmp.Or(said.advice, advice(p.Reason, t.newest(), said.message))
	return []Problem{p}
}

// appendPhrase adds what an object that is not Current waits for.
func appendPhrase(waiting []string, id object.ID, status Status, message string) []string {
	if status == Current {
		return waiting
	}
	return append(waiting, fmt.Sprintf("%s: %s", id, message))
}

// conclude draws the one line of the report from all that is in it.
func (r *Report) conclude(waiting, blind []string) {
	switch {
	case len(blind) > 0:
		r.Status, r.Reason, r.Message = Unknown, Unreachable, strings.Join(blind, "; ")
	case len(r.Problems) > 0:
		root := r.Problems[0]
		r.Status, r.Reason, r.Message = InProgress, root.Reason, fmt.Sprintf("%s: %s", root.Object, root.Message)
		if root.Terminal {
			r.Status = Failed
		}
	case len(waiting) > 0:
		r.Status, r.Reason, r.Message = InProgress, RolloutInProgress, strings.Join(waiting, "; ")
	default:
		r.Status = Current
	}
}
