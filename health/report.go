package health

import (
	"cmp"
	"slices"

	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health/probe"
)

// Report is the health of the objects of one check. Two reports of the same state are deeply equal: everything in them is
// sorted, and they hold no time.
type Report struct {
	Status    Status     `json:"status"`
	Reason    Reason     `json:"reason,omitempty"`  // of the first problem; empty when Current
	Message   string     `json:"message,omitempty"` // one line for a person
	Workloads []Workload `json:"workloads"`
	Services  []Service  `json:"services"`
	Problems  []Problem  `json:"problems"` // what is wrong, the root first; a rollout that goes on is no problem
	Warnings  []Problem  `json:"warnings"` // worth knowing; fails nothing
	// Late is the first object that is neither a workload nor a Service and is not Current; zero for none.
	Late object.ID `json:"late,omitzero"`
	// Probes are what the check's probes came to, in its order; nil before they were asked.
	Probes []probe.Result `json:"probes,omitempty"`
}

// Workload is one Deployment, StatefulSet, DaemonSet or Job.
type Workload struct {
	ID      object.ID `json:"id"`
	Kind    string    `json:"kind"`
	Name    string    `json:"name"`
	Desired int       `json:"desired"` // pods asked for; of a Job its completions
	Updated int       `json:"updated"` // pods of the current revision; of a Job those that have begun
	Ready   int       `json:"ready"`   // those of them that are ready; of a Job those that succeeded
	Status  Status    `json:"status"`
	Reason  Reason    `json:"reason,omitempty"`
	Message string    `json:"message,omitempty"`
	Pods    []Pod     `json:"pods"` // of all revisions, those on their way out too; of those that have ended the newest few
	// PodsLeftOut is how many that have ended are not among them: a node that is short may evict hundreds.
	PodsLeftOut int `json:"podsLeftOut,omitempty"`

	Ended object.End `json:"ended,omitzero"` // of a Job that goes some time after its end; zero while it may run
}

// Pod is one pod of a workload.
type Pod struct {
	Name    string `json:"name"`
	IP      string `json:"ip,omitempty"`
	Node    string `json:"node,omitempty"`
	Ready   bool   `json:"ready"`
	Updated bool   `json:"updated"` // of the workload's current revision
	Status  string `json:"status"`  // as in the column of kubectl get pods: Running, Pending, Terminating
	Reason  Reason `json:"reason,omitempty"`
	Message string `json:"message,omitempty"` // Kubernetes' own words
}

// Service is one Service with a selector.
type Service struct {
	ID                object.ID `json:"id"`
	Name              string    `json:"name"`
	EndpointsReady    int       `json:"endpointsReady"`    // pods that its EndpointSlices route to
	EndpointsExpected int       `json:"endpointsExpected"` // pods that they should route to once all is rolled out
	Status            Status    `json:"status"`
	Reason            Reason    `json:"reason,omitempty"`
	Message           string    `json:"message,omitempty"`
}

// Problem is one thing that keeps objects from being Current, or a warning.
type Problem struct {
	Reason   Reason    `json:"reason"`
	Object   object.ID `json:"object,omitzero"` // none when it is no single object's
	Pods     []string  `json:"pods,omitempty"`  // names of the pods that show it
	Message  string    `json:"message"`         // Kubernetes' own words where it has any
	Advice   string    `json:"advice"`          // what to do, in one sentence
	Log      []string  `json:"log,omitempty"`   // the last lines of a container that ended, secrets masked
	Terminal bool      `json:"terminal,omitempty"`
	File     string    `json:"file,omitempty"` // of the object's manifest, and its line: for whoever knows it to fill in
	Line     int       `json:"line,omitempty"`
}

// Ended are the Jobs that have ended, and how, of those that go some time after it. There are none of no report.
func (r *Report) Ended() map[object.ID]object.End {
	ended := map[object.ID]object.End{}
	if r == nil {
		return ended
	}
	for _, w := range r.Workloads {
		if w.Ended != (object.End{}) {
			ended[w.ID] = w.Ended
		}
	}
	return ended
}

// sort brings the report into its one order. Workloads, services and pods come in it already.
func (r *Report) sort() {
	slices.SortStableFunc(r.Problems, compareProblems)
	slices.SortStableFunc(r.Warnings, compareProblems)
}

// compareProblems puts what ended the gate first, then causes before consequences.
func compareProblems(a, b Problem) int {
	if a.Terminal != b.Terminal {
		if a.Terminal {
			return -1
		}
		return 1
	}
	return cmp.Or(
		cmp.Compare(a.Reason.rank(), b.Reason.rank()),
		object.Compare(a.Object, b.Object),
		cmp.Compare(a.Message, b.Message),
	)
}
