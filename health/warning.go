package health

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// warnings are what is worth knowing and fails nothing, of a report that is healthy or not: each once for an object, and
// each message names it, since some readers see nothing but the message.
func (v *view) warnings(r *Report) []Problem {
	all := slices.Concat(v.undeclared(), v.unprovided(), v.unbounded(), v.remarks())
	for _, w := range r.Workloads {
		if node := w.onlyNode(); node != "" {
			all = append(all, Problem{
				Reason: OneNode, Object: w.ID,
				Message: fmt.Sprintf("all %s of %s run on node %s", plural(w.Ready, "pod"), w.ID, node),
				Advice:  "Spread them with topologySpreadConstraints or pod anti-affinity, so that the loss of one node is not the loss of all.",
			})
		}
	}
	for _, s := range r.Services {
		if s.Status == Current && s.EndpointsReady == 0 {
			all = append(all, Problem{
				Reason: ScaledToZero, Object: s.ID,
				Message: fmt.Sprintf("%s does not serve: %s", s.ID, s.Message),
				Advice:  "Raise their replicas when it is to serve again.",
			})
		}
	}
	for _, t := range v.Targets {
		if w, judged := v.workloads[object.Of(t.Applied)]; judged {
			all = append(all, v.fragile(t, w)...)
		}
	}
	return all
}

// onlyNode is the node that all ready pods of a complete workload of two or more run on, or "". It goes by the pods
// alone: nodes may not be readable, and a cluster of one node cannot be told to spread.
func (w *Workload) onlyNode() string {
	if w.Status != Current || w.Desired < 2 || w.Kind == gkDaemonSet.Kind || w.Kind == gkJob.Kind {
		return ""
	}
	node := ""
	for _, p := range w.Pods {
		switch {
		case !p.Ready:
		case node == "":
			node = p.Node
		case node != p.Node:
			return ""
		}
	}
	return node
}
