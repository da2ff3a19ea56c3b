package health

import (
	"maps"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// view is a State made ready to be asked: by owner, and by Service.
type view struct {
	State
	podsOf      map[types.UID][]*corev1.Pod
	setsOf      map[types.UID][]*appsv1.ReplicaSet
	revisionsOf map[types.UID][]*appsv1.ControllerRevision
	eventsOf    map[types.UID][]*corev1.Event // of each object, the newest last
	slicesOf    map[types.NamespacedName][]*discoveryv1.EndpointSlice
	workloads   map[object.ID]Workload // as they are judged
	claims      map[claim]bool         // what time alone will not heal, as far as the object itself tells
}

// newView indexes s. Targets and pods come out sorted, so that reports do.
func newView(s State) *view {
	s.Targets = slices.SortedFunc(slices.Values(s.Targets), func(a, b Target) int {
		return object.Compare(object.Of(a.Applied), object.Of(b.Applied))
	})
	s.Pods = slices.SortedFunc(slices.Values(s.Pods), func(a, b *corev1.Pod) int { return comparePods(a, b) })
	v := &view{
		State:       s,
		podsOf:      byOwner(s.Pods),
		setsOf:      byOwner(s.ReplicaSets),
		revisionsOf: byOwner(s.Revisions),
		eventsOf:    byInvolved(s.Events),
		slicesOf:    map[types.NamespacedName][]*discoveryv1.EndpointSlice{},
		workloads:   map[object.ID]Workload{},
		claims:      map[claim]bool{},
	}
	for _, slice := range s.Slices {
		name := types.NamespacedName{Namespace: slice.Namespace, Name: slice.Labels[discoveryv1.LabelServiceName]}
		v.slicesOf[name] = append(v.slicesOf[name], slice)
	}
	return v
}

// byOwner groups objects by the UID of their controller; those without one are left out.
func byOwner[T metav1.Object](objects []T) map[types.UID][]T {
	owned := map[types.UID][]T{}
	for _, o := range objects {
		if owner := metav1.GetControllerOfNoCopy(o); owner != nil {
			owned[owner.UID] = append(owned[owner.UID], o)
		}
	}
	return owned
}

// judged lists the workloads in the order of their IDs.
func (v *view) judged() []Workload {
	list := make([]Workload, 0, len(v.workloads))
	for _, id := range slices.SortedFunc(maps.Keys(v.workloads), object.Compare) {
		list = append(list, v.workloads[id])
	}
	return list
}
