package health

import (
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// metricsPatience is how long an autoscaler may be without metrics, or without its workload, before that is told: the
// first metrics of a new pod come a minute or two after it.
const metricsPatience = 2 * time.Minute

// judgeAutoscaler goes by the conditions that the autoscaler's controller writes. One that has just lost what it needs is
// as it was asked to be: new pods have no metrics yet, and its workload may come in the same commit.
func (v *view) judgeAutoscaler(o *unstructured.Unstructured) verdict {
	able, active := conditionOf(o, "AbleToScale"), conditionOf(o, "ScalingActive")
	switch {
	case able.Status == string(corev1.ConditionFalse):
		return v.unable(o, able)
	case active.Status != string(corev1.ConditionFalse):
		return verdict{status: Current, message: "scales"}
	case active.Reason == "ScalingDisabled":
		return verdict{status: Current, message: "its workload is scaled to 0, which it leaves alone"}
	case v.isFresh(active):
		return verdict{status: Current, message: "waiting for its first metrics"}
	}
	return verdict{status: InProgress, reason: MetricsMissing, message: active.words(), advice: adviseMetrics(active)}
}

// adviseMetrics says what to do about an autoscaler that does not scale; empty where it is the metrics that are missing.
func adviseMetrics(active condition) string {
	switch {
	case active.Reason == "AmbiguousSelector":
		return "Have one autoscaler for each workload, and let no pod be selected by two workloads."
	case strings.Contains(active.Message, "missing request for"):
		return "Give the containers a request of the resource that is measured: its use is a share of that."
	}
	return ""
}

// unable is the verdict on an autoscaler that cannot scale. That its workload is not there is told at once, unless the
// commit has it.
func (v *view) unable(o *unstructured.Unstructured, able condition) verdict {
	there := v.isTarget(scaleTarget(o))
	missing := strings.Contains(able.Message, "not found") || strings.Contains(able.Message, "no matches for kind")
	switch {
	case v.isFresh(able) && (there || !missing):
		return verdict{status: Current, message: "waiting for its workload"}
	case missing && !there:
		return verdict{status: InProgress, reason: ScaleTargetMissing, message: able.Message}
	}
	return verdict{status: InProgress, reason: ScalingFailed, message: able.words()}
}

// scaleTarget is the workload that an autoscaler scales.
func scaleTarget(o *unstructured.Unstructured) object.ID {
	gv, _ := schema.ParseGroupVersion(text(o, "spec", "scaleTargetRef", "apiVersion")) // one that is none matches nothing
	return object.ID{
		Group: gv.Group, Kind: text(o, "spec", "scaleTargetRef", "kind"),
		Namespace: o.GetNamespace(), Name: text(o, "spec", "scaleTargetRef", "name"),
	}
}

func (v *view) isTarget(id object.ID) bool {
	for _, t := range v.Targets {
		if object.Of(t.Applied) == id {
			return true
		}
	}
	return false
}

// isFresh tells a condition that has not been so for long.
func (s State) isFresh(c condition) bool { return s.Now.Before(freshUntil(c)) }

// freshUntil is when a condition has been so for long; the zero time where it does not say since when it is.
func freshUntil(c condition) time.Time {
	turned, err := time.Parse(time.RFC3339, c.Turned)
	if err != nil {
		return time.Time{}
	}
	return turned.Add(metricsPatience)
}

// due is when the verdict may change by time alone: zero for never.
func (s State) due() time.Time {
	next := s.proofDue()
	for _, at := range []time.Time{s.neglectDue(), s.bareDue(), s.undeadDue()} {
		if !at.IsZero() && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	for _, t := range s.Targets {
		if t.Live == nil || t.Live.GroupVersionKind().GroupKind() != gkAutoscaler {
			continue
		}
		for _, kind := range []string{"AbleToScale", "ScalingActive"} {
			c := conditionOf(t.Live, kind)
			if c.Status != string(corev1.ConditionFalse) || !s.isFresh(c) {
				continue
			}
			if at := freshUntil(c); next.IsZero() || at.Before(next) {
				next = at
			}
		}
	}
	return next
}

// atMaximum warns of an autoscaler that would have more pods than it may.
func atMaximum(o *unstructured.Unstructured) []Problem {
	c := conditionOf(o, "ScalingLimited")
	if c.Status != string(corev1.ConditionTrue) || c.Reason != "TooManyReplicas" {
		return nil
	}
	id := object.Of(o)
	return []Problem{{
		Reason: AtMaximum, Object: id,
		Message: fmt.Sprintf("%s is at its maximum of %s", id, plural(integer(o, 0, "spec", "maxReplicas"), "replica")),
		Advice:  "Raise maxReplicas if the load is as it should be, or give each pod more.",
	}}
}

// lastJob is the newest of the Jobs of that owner that has ended; nil if there is none.
func (v *view) lastJob(owner types.UID) *unstructured.Unstructured {
	var last *unstructured.Unstructured
	for _, job := range v.Jobs {
		ended := conditionOf(job, "Failed").Status == "True" || conditionOf(job, "Complete").Status == "True"
		if !ended || !isOwned(job, owner) {
			continue
		}
		if last == nil || compareJobs(job, last) > 0 {
			last = job
		}
	}
	return last
}
