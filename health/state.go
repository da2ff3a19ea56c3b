package health

import (
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/resourceversion"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// State is all that [Compute] looks at: what was applied, and what the watches know. Compute changes nothing in it.
type State struct {
	Targets     []Target
	ReplicaSets []*appsv1.ReplicaSet            // those of the targets at least
	Revisions   []*appsv1.ControllerRevision    // those of the targets at least; only DaemonSets need them
	Pods        []*corev1.Pod                   // those that targets own or select, at least; the namespace's when a Service selects none
	Slices      []*discoveryv1.EndpointSlice    // those of the targets at least
	Services    []*unstructured.Unstructured    // those that Ingresses and routes of the targets lead to, whoever applied them
	Events      []*corev1.Event                 // warnings about what is not Current, and about what it stands on
	Claims      []*corev1.PersistentVolumeClaim // those that pods which have not begun to run stand on
	Logs        map[LogKey]Log                  // of the runs of containers that have ended, as far as they have been read
	Nodes       Nodes                           // the room on them, while something is short of it
	Classes     []*unstructured.Unstructured    // the StorageClasses of claims that are not bound, where they can be read
	Jobs        []*unstructured.Unstructured    // those of the CronJobs of the targets, where they can be read
	Missing     map[object.ID]bool              // what Ingresses of the targets name and is known not to be there
	Now         time.Time                       // when all this was gathered; conditions are older or younger by it
	Proof       time.Duration                   // how long a pod has to stay ready that no probe asks
	Rules       Rules                           // of the kinds that say in a way of their own how they are
	Blind       []string                        // watches that do not see the cluster now, a phrase each
}

// Target is one object whose health counts.
type Target struct {
	Applied *unstructured.Unstructured // as the API server returned it from the apply
	Live    *unstructured.Unstructured // as a watch shows it; nil when the watch does not have it
	Last    *unstructured.Unstructured // of a Job that the watch does not have any more: as it was when it went
	Seen    string                     // the resource version that this watch has reached
	Passive bool                       // not watched, since its kind is healthy once it is there: a ConfigMap
}

// freshness is what a watched copy may be used for.
type freshness int

const (
	stale freshness = iota // older than what was applied, or not seen yet: says nothing
	fresh                  // as new as what was applied, or newer
	gone                   // the watch is beyond the apply, and the object is not there
)

// freshness compares the watched copy with the applied one. A new spec is judged by an old status otherwise: right after
// an apply the watch still shows the finished rollout of the object before.
func (t Target) freshness() freshness {
	applied := t.Applied.GetResourceVersion()
	if applied == "" {
		return gone // it had ended and gone before it was asked about
	}
	if t.Live == nil {
		if order, err := resourceversion.CompareResourceVersion(t.Seen, applied); err == nil && order >= 0 {
			return gone
		}
		return stale
	}
	order, err := resourceversion.CompareResourceVersion(t.Live.GetResourceVersion(), applied)
	if err != nil { // an API server that does not count: generations still order one object's specs
		order = -1
		if t.Live.GetUID() == t.Applied.GetUID() && t.Live.GetGeneration() >= t.Applied.GetGeneration() {
			order = 0
		}
	}
	if order < 0 {
		return stale
	}
	return fresh
}

// newest is the watched copy when it may be used, or the last there was, else the applied one: what is asked for, in any case.
func (t Target) newest() *unstructured.Unstructured {
	switch state := t.freshness(); {
	case t.Passive:
	case state == fresh:
		return t.Live
	case state == gone && t.Last != nil:
		return t.Last
	}
	return t.Applied
}
