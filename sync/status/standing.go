package status

import (
	"strconv"

	"github.com/lockstep-dev/lockstep/health"
)

// Standing says what a healthy app stands on: the pods behind its Services, the ready pods where it has no Service, its
// Jobs where it has no other pods (one that is suspended is as it was asked to be), and its objects where it has no workload at all.
func (a App) Standing() string {
	ready, wanted, jobs, done, daemons := 0, 0, 0, 0, 0
	for _, w := range a.Workloads {
		switch w.Kind {
		case "Job":
			jobs++
			if w.Ready >= w.Desired && w.Desired > 0 {
				done++
			}
			continue
		case "DaemonSet":
			daemons++
		}
		ready += w.Ready
		wanted += w.Desired
	}
	running := len(a.Workloads) > jobs
	switch routed := endpoints(a.Services); {
	case running && wanted == 0 && daemons == len(a.Workloads)-jobs:
		return "on no node"
	case running && wanted == 0:
		return "scaled to 0 pods"
	case running && routed > 0:
		// Two Services may lead to the same pods.
		return "serving from " + plural(min(routed, ready), "pod")
	case routed > 0:
		return "serving from " + plural(routed, "pod")
	case running:
		return plural(ready, "pod") + " ready"
	case jobs > done:
		return strconv.Itoa(done) + " of " + plural(jobs, "Job") + " complete, the rest asks for no pod"
	case jobs > 0:
		return plural(jobs, "Job") + " complete"
	}
	return plural(a.Objects.Total, "object") + " in place"
}

func endpoints(services []health.Service) int {
	n := 0
	for _, s := range services {
		n += s.EndpointsReady
	}
	return n
}

// plural counts in words: 1 pod, 3 pods.
func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return strconv.Itoa(n) + " " + noun + "s"
}
