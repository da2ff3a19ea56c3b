package health

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// unbounded warns of workloads whose replicas are outside the bounds of their autoscaler, where both are of the check. At
// 0 the autoscaler leaves them alone for good; otherwise it is about to change them. That git's own number is outside is
// the plan's to warn of: where an autoscaler is, git's number is not applied.
func (v *view) unbounded() []Problem {
	var all []Problem
	for _, t := range v.Targets {
		hpa := t.newest()
		gk := hpa.GroupVersionKind().GroupKind()
		if gk.Group != "autoscaling" || gk.Kind != "HorizontalPodAutoscaler" {
			continue
		}
		least, most := integer(hpa, 1, "spec", "minReplicas"), integer(hpa, 0, "spec", "maxReplicas")
		for _, w := range v.judged() {
			if w.Kind != text(hpa, "spec", "scaleTargetRef", "kind") || w.Name != text(hpa, "spec", "scaleTargetRef", "name") ||
				w.ID.Namespace != hpa.GetNamespace() || w.Desired >= least && w.Desired <= most {
				continue
			}
			message := fmt.Sprintf("%s asks for %s, outside the %d to %d of %s", w.ID, plural(w.Desired, "pod"), least, most, object.Of(hpa))
			if w.Desired == 0 {
				message += ", which leaves a workload of none alone"
			}
			all = append(all, Problem{
				Reason: ReplicasOutsideBounds, Object: w.ID, Message: message,
				Advice: "Leave replicas out of git where an autoscaler decides, and keep its bounds around what the app needs.",
			})
		}
	}
	return all
}
