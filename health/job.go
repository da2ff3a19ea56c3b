package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// jobProgress is how far a Job is, and how many of its tries are used up.
func jobProgress(o *unstructured.Unstructured) string {
	done := fmt.Sprintf("%d of %s", integer(o, 0, "status", "succeeded"), plural(desired(o), "completion"))
	if failed := integer(o, 0, "status", "failed"); failed > 0 {
		done += fmt.Sprintf(", %s failed (%s)", plural(failed, "pod"), givesUp(o))
	}
	if indexes := text(o, "status", "failedIndexes"); indexes != "" {
		done += ", of the indexes " + indexes
	}
	return done
}

// givesUp says after how many tries that is. Where each index has tries of its own, those of all together have no limit unless
// somebody sets one.
func givesUp(o *unstructured.Unstructured) string {
	const defaultLimit = 6 // batch/v1, JobSpec.BackoffLimit
	if limit := integer(o, -1, "spec", "backoffLimitPerIndex"); limit >= 0 {
		return fmt.Sprintf("an index is given up after %d", limit+1)
	}
	return fmt.Sprintf("it gives up after %d", integer(o, defaultLimit, "spec", "backoffLimit")+1)
}

// succeed counts the completions of a Job, and says how it has ended. Of one that was gone before it was asked about nothing but
// its end is known.
func (w *Workload) succeed(t Target, said verdict, n numbers) {
	o := t.newest()
	w.Ready = integer(o, 0, "status", "succeeded")
	if t.freshness() == gone && said.status == Current {
		w.Ready = w.Desired
	}
	w.Updated = n.updated + w.Ready
	if t.freshness() != stale {
		w.Ended = object.EndOf(o.Object)
	}
}

// judgeEnded is the verdict on a Job that has ended and was removed after its time to live, by the last that was seen of it.
func judgeEnded(t Target) (verdict, bool) {
	switch end := object.EndOf(t.newest().Object); end.Condition {
	case object.Complete:
		return verdict{status: Current, message: "complete, and removed after its time to live", behind: true}, true
	case object.Failed:
		return verdict{status: Failed, message: end.Words + "; it was removed after its time to live", behind: true}, true
	}
	return verdict{}, false
}

// ended adds to the problem of a Job that has failed how its last pod ended: Kubernetes itself only counts.
func ended(p Problem, m members) Problem {
	if p.Reason != JobFailed {
		return p
	}
	phrase, pod := lastTry(m)
	if p.Message += phrase; pod != "" {
		p.Pods = []string{pod}
	}
	return p
}

// lastTry says how the newest pod of a Job that has failed did, and is empty where none has.
func lastTry(m members) (phrase, pod string) {
	var last *corev1.Pod
	for _, pod := range m.current {
		if pod.Status.Phase == corev1.PodFailed && (last == nil || last.CreationTimestamp.Before(&pod.CreationTimestamp)) {
			last = pod
		}
	}
	if last == nil {
		return "", ""
	}
	for _, c := range containers(last) {
		if end := lastEnd(c); end != nil && end.ExitCode != 0 {
			how := exitCode(end)
			if end.Reason == "OOMKilled" {
				how = end.Reason + ": " + how
			}
			return fmt.Sprintf("; last, %s: %s", last.Name, said(c, how, "")), last.Name
		}
	}
	return "", last.Name
}

// stuck tells a StatefulSet that cannot be repaired by a commit: one that updates in order waits for a pod that is not
// ready, also for one of the revision before, and so never comes to replace it (kubernetes.io, StatefulSets, Forced
// rollback).
func (v *view) stuck(o *unstructured.Unstructured, m members, w Workload) []Problem {
	if o.GroupVersionKind().GroupKind() != gkStatefulSet || text(o, "spec", "podManagementPolicy") == "Parallel" ||
		rolls(o, w.Desired) < w.Desired {
		return nil
	}
	for _, p := range m.current {
		if active(p) && !ready(p) {
			return nil // it is under way
		}
	}
	for _, p := range m.old {
		if found := v.symptom(p); found != nil && active(p) && !ready(p) {
			return []Problem{{
				Reason: found.reason, Object: w.ID, Pods: []string{p.Name},
				Message: fmt.Sprintf("%s, which is of the revision before: %s", p.Name, found.message),
				Advice: fmt.Sprintf("Delete the pod (kubectl delete pod %s -n %s): a StatefulSet waits for it to become ready before it "+
					"replaces it, so that no commit reaches it.", p.Name, p.Namespace),
			}}
		}
	}
	return nil
}
