package health

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// unscheduled says why p has no node, in the scheduler's words; nil when it has one, or the scheduler has not spoken.
func (v *view) unscheduled(p *corev1.Pod) *finding {
	message := ""
	c := podCondition(p, corev1.PodScheduled)
	switch {
	case c != nil && c.Status == corev1.ConditionTrue:
		return nil
	case c != nil && c.Reason == corev1.PodReasonSchedulingGated:
		return &finding{reason: Unschedulable, message: oneLine(c.Message), advice: "Wait for whoever put the scheduling gate on the pod to take it away."}
	case c != nil && c.Reason == corev1.PodReasonUnschedulable:
		message = oneLine(c.Message)
	default:
		failed := v.listen(p.UID, saying(eventFailedScheduling))
		if failed.times == 0 || p.Spec.NodeName != "" {
			return nil
		}
		message = failed.message
	}
	message = withoutPreemption(message)
	if short(message) == "" && waitsForClaim(message) {
		if found := v.unbound(p); found != nil {
			return found
		}
		return &finding{reason: VolumePending, message: message, certain: claimAbsent(message) && v.lacksForLong(p) && !v.brings(message)}
	}
	return v.noRoom(p, message)
}

// claimAbsent tells the scheduler's words that a claim is not there.
func claimAbsent(message string) bool {
	return strings.Contains(message, "persistentvolumeclaim \"") && strings.Contains(message, "not found")
}

// lacksForLong tells that p has had no node for long: the scheduler says so once, and again only when something changes.
func (v *view) lacksForLong(p *corev1.Pod) bool {
	at := lackDue(p)
	return !at.IsZero() && !v.Now.Before(at)
}

// lackDue is when p will have lacked a claim for long; zero where it does not.
func lackDue(p *corev1.Pod) time.Time {
	c := podCondition(p, corev1.PodScheduled)
	if c == nil || c.Status == corev1.ConditionTrue || c.LastTransitionTime.IsZero() || !claimAbsent(c.Message) {
		return time.Time{}
	}
	return c.LastTransitionTime.Add(missingEnough)
}

// preemption is what the scheduler says in the end of pods that it could not remove either.
var preemption = regexp.MustCompile(`\.? (preemption: .*|no new claims to deallocate.*)$`)

func withoutPreemption(message string) string {
	if at := preemption.FindStringIndex(message); at != nil {
		return strings.TrimSuffix(message[:at[0]], ".") + "."
	}
	return message
}

// short is the resource of which no node has enough; empty where that is not what is wrong.
func short(message string) corev1.ResourceName {
	if found := insufficient.FindStringSubmatch(message); found != nil {
		return corev1.ResourceName(found[1])
	}
	return ""
}

// noRoom says how much p asks for and how much there is, where a resource is short and the nodes are known.
func (v *view) noRoom(p *corev1.Pod, message string) *finding {
	f := &finding{reason: Unschedulable, message: message}
	name := short(message)
	if name == "" {
		return f
	}
	asked, asks := requests(&p.Spec)[name]
	room, known := v.Nodes.roomy(name)
	if !asks || !known {
		return f
	}
	free, all := room.Free[name], room.Allocatable[name]
	if free.Cmp(asked) >= 0 { // it is none that the pod may go to, or has just got that room
		f.message = fmt.Sprintf("%s: asks for %s %s", strings.TrimSuffix(message, "."), amount(name, asked), name)
		return f
	}
	f.message = fmt.Sprintf("%s: asks for %s %s; the freest node, %s, has %s of %s free", strings.TrimSuffix(message, "."),
		amount(name, asked), name, room.Name, amount(name, free), amount(name, all))
	if v.Nodes.tooSmall(name, asked) {
		f.certain = v.staysSmall(p)
		f.advice = fmt.Sprintf("Lower the %s that a pod requests (now %s), or add a larger node: none has so much even when it is empty.",
			name, amount(name, asked))
	}
	return f
}

// staysSmall tells that no autoscaler brings a node for p: none has been heard of, though there was time.
func (v *view) staysSmall(p *corev1.Pod) bool {
	c := podCondition(p, corev1.PodScheduled)
	return c != nil && !c.LastTransitionTime.IsZero() && !v.Nodes.Elastic &&
		v.Nodes.Seen.Sub(c.LastTransitionTime.Time) >= scaleUpEnough
}
