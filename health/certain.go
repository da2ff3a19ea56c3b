package health

import (
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// How often a container has to have been started again until its crash is certain to come again, and how long something
// has to be missing until nobody is expected to bring it any more. Times are those in the objects, held against each
// other.
const (
	crashesEnough = 2
	missingEnough = 30 * time.Second
	quotaEnough   = 10 * time.Second
	refusalsOfAPI = 2
	refusalsQuota = 3
)

// claim is that a workload will not come right by itself, for that reason.
type claim struct {
	object object.ID
	reason Reason
}

// claim takes in one, and tells whether it is new.
func (v *view) claim(id object.ID, reason Reason) bool {
	c := claim{id, reason}
	known := v.claims[c]
	v.claims[c] = true
	return !known
}

// decide makes the problems terminal that are certain, now that all workloads have been looked at. A crash is not while
// another workload of the check is still under way with nothing wrong: it may be the database that this one cannot do
// without.
func (v *view) decide(problems []Problem) {
	underWay := v.underWay()
	for i := range problems {
		p := &problems[i]
		if p.Terminal || !v.claims[claim{p.Object, p.Reason}] || underWay && (p.Reason == CrashLoop || p.Reason == OOMKilled) {
			continue
		}
		p.Terminal = true
		w := v.workloads[p.Object]
		if w.Status != Failed {
			w.Status, w.Reason, w.Message = Failed, p.Reason, p.Message
			v.workloads[p.Object] = w
		}
	}
}

// underWay tells that some workload has nothing wrong, and is not complete.
func (v *view) underWay() bool {
	for _, w := range v.workloads {
		if w.Status == InProgress && w.Reason == RolloutInProgress {
			return true
		}
	}
	return false
}

// brings tells that the missing object which message names may still come of the check itself: it is one of its objects,
// or there is one of a kind that is not Kubernetes' own, whose controller may make any.
func (v *view) brings(message string) bool {
	message = strings.ToLower(message)
	for _, t := range v.Targets {
		gk := t.Applied.GroupVersionKind().GroupKind()
		if !builtIn(gk) {
			return true
		}
		name := t.Applied.GetName()
		if strings.Contains(message, strings.ToLower(gk.Kind)) &&
			(strings.Contains(message, `"`+name+`"`) || strings.Contains(message, "/"+name+`"`) || strings.Contains(message, "/"+name+":")) {
			return true
		}
	}
	return false
}

// missingForGood tells that what message says is missing has been so for long, and that nothing of the check will bring
// it. An operator that is no part of the check may: it has had [missingEnough].
func (v *view) missingForGood(message string, s spoken) bool {
	return s.lasted() >= missingEnough && !v.brings(message)
}
