package health

import "time"

// A pod that was applied as such is healthy when it has succeeded, or when it is ready and runs. That it will end, and how,
// nobody can say beforehand of one that is to run once (restartPolicy Never or OnFailure): where no probe asks, the kubelet calls
// it ready as soon as it runs, so it has to stay so for the time of proof like any other. When it fails after that, the app's
// state says so, and within [longestRun] its commit is judged anew.

// provenBare takes back the Current of a pod that was applied as such, and of which nothing but its start says that it works.
func (v *view) provenBare(t Target, said verdict) verdict {
	p := podOf(t.Live)
	if said.status != Current || p == nil || !v.unprovenBare(t) {
		return said
	}
	return verdict{
		status: InProgress, pods: []string{p.Name},
		message: said.message + "; without a readinessProbe it counts once it has stayed so for " + v.Proof.String(),
	}
}

// unprovenBare tells a target that is such a pod.
func (s State) unprovenBare(t Target) bool {
	if s.Proof == 0 || t.Live == nil || t.Live.GroupVersionKind().GroupKind() != gkPod {
		return false
	}
	p := podOf(t.Live)
	return p != nil && ready(p) && unasked(p) && s.young(p)
}

// bareDue is when the next of them will have stayed ready for the time of proof; zero when there is none.
func (s State) bareDue() time.Time {
	var next time.Time
	for _, t := range s.Targets {
		if !s.unprovenBare(t) {
			continue
		}
		if at := s.grown(podOf(t.Live)); next.IsZero() || at.Before(next) {
			next = at
		}
	}
	return next
}
