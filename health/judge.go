package health

import (
	"strings"

	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// verdict is what one object says of itself, in its status.
type verdict struct {
	status  Status
	message string
	behind  bool   // the watch, or the object's controller, has not come to what was applied: no count means anything
	reason  Reason // why it is not Current, where that is known; only of kinds that are no workload
	advice  string // what to do, where it is more than the reason's
	pods    []string
}

// judge reads what the target says of itself. It is never Current on a copy older than the applied one, nor on a status
// that its controller has not brought up to the spec.
func judge(t Target) verdict {
	if t.Passive {
		if t.Applied.GetDeletionTimestamp() != nil {
			return terminating(t.Applied)
		}
		return verdict{status: Current, message: "is there"}
	}
	switch t.freshness() {
	case gone:
		if ended, is := judgeEnded(t); is {
			return ended
		}
		return verdict{status: NotFound, message: "deleted after it was applied", behind: true}
	case stale:
		return verdict{status: InProgress, message: "waiting for the watch to show what was applied", behind: true}
	}
	o := t.Live
	if o.GetDeletionTimestamp() != nil && object.EndOf(o.Object) == (object.End{}) {
		return terminating(o)
	}
	switch o.GroupVersionKind().GroupKind() {
	case gkDeployment, gkStatefulSet, gkDaemonSet, gkReplicaSet, gkReplicationController:
		// kstatus takes a StatefulSet without any status for a finished one of 0 replicas.
		if integer(o, -1, "status", "observedGeneration") < int(o.GetGeneration()) {
			return verdict{status: InProgress, message: "its controller has not seen what was applied", behind: true}
		}
		return judgeController(t)
	case gkJob:
		return judgeJob(o)
	case gkPod:
		return judgePod(o)
	}
	return general(o)
}

// terminating is the verdict on an object that is on its way out, and what holds it. Once it has gone it is made again.
func terminating(o *unstructured.Unstructured) verdict {
	words := "marked for deletion"
	if held := o.GetFinalizers(); len(held) > 0 {
		words += "; it goes once these finalizers let it: " + listed(held)
	}
	return verdict{status: Terminating, message: words}
}

// general is kstatus' verdict, for all kinds without a rule of their own here.
func general(o *unstructured.Unstructured) verdict {
	result, err := status.Compute(o)
	if err != nil {
		return verdict{status: Unknown, message: "its status cannot be read: " + err.Error()}
	}
	return verdict{status: Status(result.Status), message: result.Message}
}

// judgeController is kstatus' verdict on a controller of pods, but for the rules that mislead.
func judgeController(t Target) verdict {
	o := t.Live
	if o.GetKind() == gkDaemonSet.Kind && text(o, "spec", "updateStrategy", "type") == "OnDelete" {
		return verdict{status: Current, message: "pods are updated when they are deleted"} // the pods decide; kstatus would wait for ever
	}
	result := general(o)
	switch {
	case result.status == Failed && expiredBefore(t):
		return verdict{status: InProgress, message: "its controller has not started over since its progress deadline"}
	case result.status == InProgress && restsComplete(o):
		return verdict{status: Current, message: "paused, with nothing to roll out"}
	case result.status == Current && integer(o, 0, "spec", "minReadySeconds") > 0 && o.GetKind() == gkStatefulSet.Kind && available(o) < desired(o):
		return verdict{status: InProgress, message: "its pods are not available yet"} // kstatus asks it only whether they are ready
	}
	return result
}

// restsComplete tells a Deployment that is paused when its rollout is complete. Its controller then says of its progress that it is
// paused, and kstatus would wait for ever.
func restsComplete(o *unstructured.Unstructured) bool {
	if o.GetKind() != gkDeployment.Kind || !flag(o, "spec", "paused") {
		return false
	}
	all := desired(o)
	return integer(o, 0, "status", "replicas") == all && integer(o, 0, "status", "updatedReplicas") == all && available(o) == all
}

// available is how many pods o says have been ready for as long as its minReadySeconds asks for.
func available(o *unstructured.Unstructured) int {
	return integer(o, integer(o, 0, "status", "numberAvailable"), "status", "availableReplicas")
}

// expiredBefore tells a Deployment that was over its progress deadline when it was applied already. Its controller lets
// that condition stand until the rollout moves.
func expiredBefore(t Target) bool {
	before, now := conditionOf(t.Applied, "Progressing"), conditionOf(t.Live, "Progressing")
	return before.Reason == "ProgressDeadlineExceeded" && before == now
}

// judgeJob waits for the end of a Job, where kstatus is content with its start. A suspended one is as it was asked to be.
func judgeJob(o *unstructured.Unstructured) verdict {
	done := jobProgress(o)
	if failed := conditionOf(o, "Failed"); failed.Status == string(corev1.ConditionTrue) {
		return verdict{status: Failed, message: failed.Reason + ": " + failed.Message}
	}
	switch target := conditionOf(o, "FailureTarget"); {
	case conditionOf(o, "Complete").Status == string(corev1.ConditionTrue):
		return verdict{status: Current, message: done}
	case target.Status == string(corev1.ConditionTrue):
		return verdict{status: InProgress, message: "fails once its pods have gone: " + target.words()}
	case flag(o, "spec", "suspend"):
		return verdict{status: Current, message: "suspended"}
	case integer(o, 1, "spec", "parallelism") == 0:
		return verdict{status: Current, message: "asks for no pod: its parallelism is 0"}
	}
	return verdict{status: InProgress, message: done}
}

// judgePod is for a pod applied as such. kstatus calls one of phase Failed Current, and reads a clock.
func judgePod(o *unstructured.Unstructured) verdict {
	phase := text(o, "status", "phase")
	switch phase {
	case string(corev1.PodFailed):
		c := condition{Reason: text(o, "status", "reason"), Message: text(o, "status", "message")}
		return verdict{status: Failed, message: strings.TrimSuffix("the pod has failed: "+c.words(), ": ")}
	case string(corev1.PodSucceeded):
		return verdict{status: Current, message: "the pod has succeeded"}
	}
	if conditionOf(o, string(corev1.PodReady)).Status == string(corev1.ConditionTrue) {
		return verdict{status: Current, message: "the pod is ready"}
	}
	return verdict{status: InProgress, message: "the pod is not ready: " + phase}
}
