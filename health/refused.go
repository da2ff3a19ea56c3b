package health

import (
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// How long a pod may be bound to a node, or to a scheduler, that does nothing with it, until that is told; how long a
// pod that a node has refused counts; and how many it takes until all others fare the same.
const (
	takenUpEnough   = 15 * time.Second
	refusalCounts   = 5 * time.Minute
	refusedPodsMany = 3
)

// unchanging are the reasons by which a kubelet refuses a pod for what its template says, whatever else runs there.
var unchanging = []string{
	"SysctlForbidden", "AppArmor", "NodeAffinity", "PodOSNotSupported", "PodOSSelectorNodeLabelDoesNotMatch",
}

// nodeRefused is the problem of a workload whose pods end before they run, or are put out: a kubelet has refused or evicted
// them. Their controller makes new ones in their place, which fare the same, and the pods that it has now show nothing.
func (v *view) nodeRefused(id object.ID, pods []*corev1.Pod) []Problem {
	var refused []*corev1.Pod
	for _, p := range pods {
		if p.Status.Phase == corev1.PodFailed && p.Status.Reason != "" && v.Now.Sub(refusedAt(p)) < refusalCounts {
			refused = append(refused, p)
		}
	}
	if len(refused) == 0 {
		return nil
	}
	slices.SortStableFunc(refused, func(a, b *corev1.Pod) int { return refusedAt(b).Compare(refusedAt(a)) })
	last := refused[0]
	same := slices.DeleteFunc(refused, func(p *corev1.Pod) bool { return p.Status.Reason != last.Status.Reason })
	problem := Problem{
		Reason: NodeRefused, Object: id, Advice: adviseRefused(last.Status.Reason),
		Message: strings.TrimSpace(last.Status.Reason + ": " + oneLine(last.Status.Message)),
	}
	if n := len(same); n > 1 {
		problem.Message += fmt.Sprintf("; so it went with %d pods", n)
	}
	for _, p := range same[:min(len(same), mostListed)] {
		problem.Pods = append(problem.Pods, p.Name)
	}
	if len(same) >= refusedPodsMany && slices.Contains(unchanging, last.Status.Reason) {
		v.claim(id, NodeRefused)
	}
	return []Problem{problem}
}

// refusedAt is when a pod has failed, as far as it says.
func refusedAt(p *corev1.Pod) time.Time {
	at := p.CreationTimestamp.Time
	for _, c := range p.Status.Conditions {
		if c.LastTransitionTime.After(at) {
			at = c.LastTransitionTime.Time
		}
	}
	return at
}

// adviseRefused says what to do about a reason of the kubelet's.
func adviseRefused(reason string) string {
	switch {
	case reason == "Evicted":
		return "Where it went beyond a limit of its own, raise that or have it use less; where the node was short, request what it needs."
	case reason == "Terminated", reason == "NodeShutdown":
		return "Nothing is wrong with the pod: its node was shut down, and its controller makes another elsewhere."
	case strings.HasPrefix(reason, "OutOf"), reason == "NodeAffinity":
		return "Leave the choice of the node to the scheduler: take nodeName out of the pod template."
	}
	return advices[NodeRefused]
}

// neglected says that nobody does anything with p: no scheduler has looked at it, or the node that it is bound to has not
// begun with it.
func (v *view) neglected(p *corev1.Pod) *finding {
	since, waits := waitsSince(p)
	if !waits || v.Now.Before(since.Add(takenUpEnough)) {
		return nil
	}
	if p.Spec.NodeName == "" {
		return &finding{
			reason:  Unschedulable,
			message: fmt.Sprintf("no scheduler has looked at it; it asks for %q", p.Spec.SchedulerName),
			advice:  "Have the pod template's schedulerName name a scheduler of the cluster (without one it is default-scheduler), and see that it runs.",
		}
	}
	return &finding{
		reason: NodeRefused, message: fmt.Sprintf("node %s has not begun with it", p.Spec.NodeName),
		advice: "See whether the node is there and Ready (kubectl get node " + p.Spec.NodeName + "); where the pod template names it in nodeName, leave the choice to the scheduler.",
	}
}

// waitsSince is when p was left to a scheduler or to a node, and whether that has done nothing with it yet.
func waitsSince(p *corev1.Pod) (time.Time, bool) {
	scheduled := podCondition(p, corev1.PodScheduled)
	switch {
	case !active(p) || p.Status.StartTime != nil || p.Status.Phase == corev1.PodRunning:
		return time.Time{}, false
	case p.Spec.NodeName == "":
		return p.CreationTimestamp.Time, scheduled == nil
	case scheduled != nil:
		return scheduled.LastTransitionTime.Time, true
	}
	return p.CreationTimestamp.Time, true
}

// neglectDue is when the next pod will have been left alone, or have lacked a claim, for long; zero when there is none.
func (s State) neglectDue() time.Time {
	var next time.Time
	for _, p := range s.Pods {
		since, waits := waitsSince(p)
		at := since.Add(takenUpEnough)
		if !waits {
			at = lackDue(p)
		}
		if s.Now.Before(at) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
