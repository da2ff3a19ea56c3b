package status

import (
	"strconv"

	"github.com/lockstep-dev/lockstep/health"
)

// Standing says what a healthy app stands on: the pods behind its Services, the ready pods where it has no Service, its
// Jobs where it has no other pods (one that is suspended is as it was asked to be), and its objects where it has no workload at all.
func (a App) Standing() string {
	ready, wanted := 0, 0
	var jobs, daemons, others []health.Workload
	for _, w := range a.Workloads {
		switch w.Kind {
		case "Job":
			jobs = append(jobs, w)
			continue
		case "DaemonSet":
			daemons = append(daemons, w)
		}
		others = append(others, w)
		ready += w.Ready
		wanted += w.Desired
	}
	running := len(others) > 0
	switch routed := endpoints(a.Services); {
	case running && wanted == 0 && len(daemons) == len(others):
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
	case len(jobs) > 0:
		return completed(jobs)
	}
	return plural(a.Objects.Total, "object") + " in place"
}

// completed counts the Jobs that are complete.
func completed(jobs []health.Workload) string {
	done := 0
	for _, w := range jobs {
		if w.Ready >= w.Desired && w.Desired > 0 {
			done++
		}
	}
	if done < len(jobs) {
		return strconv.Itoa(done) + " of " + plural(len(jobs), "Job") + " complete, the rest asks for no pod"
	}
	return plural(done, "Job") + " complete"
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
