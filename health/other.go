package health

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// judge is the verdict on an object that is neither a workload nor a Service with a selector, where more is known than
// what it says of itself.
func (v *view) judge(t Target) verdict {
	said := judge(t)
	if said.behind || t.Passive || said.status == Terminating || t.Live == nil {
		return said
	}
	if rule := v.Rules.of(t.Live.GroupVersionKind()); rule != nil {
		if ruled, says := rule.judge(t.Live); says {
			return ruled
		}
	}
	switch gk := t.Live.GroupVersionKind().GroupKind(); gk {
	case gkAutoscaler:
		return v.judgeAutoscaler(t.Live)
	case gkPersistentVolumeClaim:
		return v.judgeClaim(t.Live)
	case gkPod:
		return v.explained(t.Live, v.provenBare(t, said))
	case gkAPIService:
		return judgeAPIService(t.Live)
	case gkDefinition:
		return inWords(t.Live, said, "NamesAccepted")
	}
	return inWords(t.Live, said, "Ready")
}

// judgeClaim waits for a claim to be bound, unless it waits itself for a pod that nobody has asked for yet.
func (v *view) judgeClaim(o *unstructured.Unstructured) verdict {
	phase := text(o, "status", "phase")
	switch {
	case phase == string(corev1.ClaimBound):
		return verdict{status: Current, message: "bound to " + text(o, "spec", "volumeName")}
	case phase == string(corev1.ClaimLost):
		return verdict{
			status: Failed, reason: VolumePending, message: "the volume " + text(o, "spec", "volumeName") + " that it was bound to is lost",
			advice: "Restore the volume, or delete the claim and let it be made anew: what was on the volume is gone.",
		}
	case v.waitsForConsumer(o) && !v.claimed(o):
		return verdict{status: Current, message: "is bound when a pod uses it"}
	}
	class := text(o, "spec", "storageClassName")
	message := "not bound yet"
	if class != "" {
		message += ", of StorageClass " + class
	} else {
		message += ", of no StorageClass"
	}
	return verdict{
		status: InProgress, reason: VolumePending, message: message,
		advice: "See the claim's events (kubectl describe pvc): its StorageClass must exist, and its provisioner run.",
	}
}

// waitsForConsumer tells a claim whose StorageClass binds it when the first pod that uses it is scheduled.
func (v *view) waitsForConsumer(o *unstructured.Unstructured) bool {
	for _, class := range v.Classes {
		if class.GetName() == text(o, "spec", "storageClassName") {
			return text(class, "volumeBindingMode") == "WaitForFirstConsumer"
		}
	}
	return false
}

// claimed tells whether some object of the check has a pod use the claim. Pods are stripped of their volumes, so it goes
// by the templates.
func (v *view) claimed(o *unstructured.Unstructured) bool {
	for _, t := range v.Targets {
		maker := t.newest()
		if maker.GetNamespace() != o.GetNamespace() || !wantsPods(maker) {
			continue
		}
		for _, volume := range volumes(maker) {
			if name, _, _ := unstructured.NestedString(volume, "persistentVolumeClaim", "claimName"); name == o.GetName() {
				return true
			}
		}
	}
	return false
}

// wantsPods tells whether o is asked for any pod now: not when it is scaled to 0, suspended, or only a schedule.
func wantsPods(o *unstructured.Unstructured) bool {
	switch o.GroupVersionKind().GroupKind() {
	case gkCronJob:
		return false
	case gkDeployment, gkStatefulSet, gkReplicaSet, gkReplicationController:
		return integer(o, 1, "spec", "replicas") > 0
	}
	return !flag(o, "spec", "suspend")
}

// volumes are those of the pods that o makes, or is.
func volumes(o *unstructured.Unstructured) []map[string]any {
	path := []string{"spec", "template", "spec", "volumes"}
	if o.GroupVersionKind().GroupKind() == gkPod {
		path = []string{"spec", "volumes"}
	}
	list := items(o, path...)
	var all []map[string]any
	for _, entry := range list {
		if volume, ok := entry.(map[string]any); ok {
			all = append(all, volume)
		}
	}
	return all
}

// podOf is o as a pod; nil when its status makes no sense, and so has no symptom.
func podOf(o *unstructured.Unstructured) *corev1.Pod {
	p := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, p); err != nil {
		return nil
	}
	return p
}

// explained adds to the verdict on a pod that was applied as such what its containers show.
func (v *view) explained(o *unstructured.Unstructured, said verdict) verdict {
	if said.status == Current {
		return said
	}
	p := podOf(o)
	if p == nil {
		return said
	}
	if found := v.symptom(p); found != nil {
		said.reason, said.message, said.pods = found.reason, found.message, []string{p.Name}
		said.advice = found.advise(o)
	}
	return said
}

// judgeAPIService waits for the server behind it, where kstatus is content with the object.
func judgeAPIService(o *unstructured.Unstructured) verdict {
	c := conditionOf(o, "Available")
	if c.Status == string(corev1.ConditionTrue) {
		return verdict{status: Current, message: "available"}
	}
	return verdict{status: InProgress, message: strings.TrimSuffix("not available: "+c.words(), ": ")}
}

// inWords puts the reason and the message of a condition that is false in the place of kstatus' own words.
func inWords(o *unstructured.Unstructured, said verdict, condition string) verdict {
	if c := conditionOf(o, condition); said.status != Current && c.Status == string(corev1.ConditionFalse) && c.words() != "" {
		if stalled := conditionOf(o, "Stalled"); stalled.Status == string(corev1.ConditionTrue) {
			c = stalled
		}
		said.message = c.words()
	}
	return said
}

// words are what a condition says: its reason and its message.
func (c condition) words() string {
	switch {
	case c.Reason == "":
		return c.Message
	case c.Message == "":
		return c.Reason
	}
	return fmt.Sprintf("%s: %s", c.Reason, c.Message)
}
