package health

import (
	"cmp"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// remarks are the warnings about objects that route to no pod and run none by themselves.
func (v *view) remarks() []Problem {
	var all []Problem
	for _, t := range v.Targets {
		o := t.newest()
		switch o.GroupVersionKind().GroupKind() {
		case gkAutoscaler:
			all = append(all, atMaximum(o)...)
		case gkIngress:
			all = append(all, v.unserved(o)...)
		case gkDisruptionBudget:
			all = append(all, v.budget(t, o)...)
		case gkDaemonSet:
			all = append(append(all, v.nodeless(t)...), v.kept(o)...)
		case gkStatefulSet:
			all = append(all, v.kept(o)...)
		case gkCronJob:
			all = append(all, v.schedule(o)...)
		}
	}
	return all
}

// budget warns of a PodDisruptionBudget that protects nothing, or more than anybody wants.
func (v *view) budget(t Target, o *unstructured.Unstructured) []Problem {
	id := object.Of(o)
	if t.freshness() != fresh || integer(o, -1, "status", "observedGeneration") < int(o.GetGeneration()) {
		return nil
	}
	pods, healthy := integer(o, 0, "status", "expectedPods"), integer(o, 0, "status", "currentHealthy")
	switch {
	case pods == 0 && !v.foresees(o):
		return []Problem{{
			Reason: NothingProtected, Object: id, Message: fmt.Sprintf("%s protects nothing: its selector matches no pod", id),
			Advice: "Make its selector and the labels of the pod template agree.",
		}}
	case pods > 0 && healthy >= pods && integer(o, 0, "status", "disruptionsAllowed") == 0:
		return []Problem{{
			Reason: NoDisruption, Object: id,
			Message: fmt.Sprintf("%s lets none of its %s be evicted, though all are healthy: a node cannot be drained", id, plural(pods, "pod")),
			Advice:  "Have one replica more than minAvailable, or let maxUnavailable be 1.",
		}}
	}
	return nil
}

// foresees tells whether a template of the check has the labels that a PodDisruptionBudget selects.
func (v *view) foresees(o *unstructured.Unstructured) bool {
	var selector metav1.LabelSelector
	selector.MatchLabels = pairs(o, "spec", "selector", "matchLabels")
	if len(items(o, "spec", "selector", "matchExpressions")) > 0 {
		return true // what is not read is not warned of
	}
	for _, t := range v.Targets {
		made, makes := templateLabels(t.newest())
		if !makes || t.Applied.GetNamespace() != o.GetNamespace() {
			continue
		}
		matches := true
		for key, value := range selector.MatchLabels {
			matches = matches && made[key] == value
		}
		if matches {
			return true
		}
	}
	return false
}

// nodeless warns of a DaemonSet that is complete because no node is for it.
func (v *view) nodeless(t Target) []Problem {
	id := object.Of(t.Applied)
	if w := v.workloads[id]; w.Status != Current || w.Desired > 0 {
		return nil
	}
	return []Problem{{
		Reason: NoNodes, Object: id, Message: fmt.Sprintf("%s runs nowhere: no node is for it", id),
		Advice: "Bring its node selector, affinity and tolerations in line with the nodes, if it is to run on any.",
	}}
}

// schedule warns of a CronJob that does not run, or whose last run has failed.
func (v *view) schedule(o *unstructured.Unstructured) []Problem {
	id := object.Of(o)
	var all []Problem
	if flag(o, "spec", "suspend") {
		all = append(all, Problem{
			Reason: ScheduleSuspended, Object: id, Message: fmt.Sprintf("%s is suspended, and starts no Job", id),
			Advice: "Set its spec.suspend to false when it is to run again.",
		})
	}
	if last := v.lastJob(o.GetUID()); last != nil {
		if failed := conditionOf(last, "Failed"); failed.Status == string(corev1.ConditionTrue) {
			all = append(all, Problem{
				Reason: LastRunFailed, Object: id, Message: fmt.Sprintf("the last Job of %s, %s, has failed: %s", id, last.GetName(), oneLine(failed.words())),
				Advice: "Read the log of the Job's pods; the next run comes by the schedule.",
			})
		}
	}
	return all
}

func isOwned(o *unstructured.Unstructured, owner types.UID) bool {
	controller := metav1.GetControllerOfNoCopy(o)
	return controller != nil && controller.UID == owner
}

// compareJobs puts the older first.
func compareJobs(a, b *unstructured.Unstructured) int {
	return cmp.Or(a.GetCreationTimestamp().Compare(b.GetCreationTimestamp().Time), cmp.Compare(a.GetName(), b.GetName()))
}
