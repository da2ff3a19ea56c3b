package health

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// serving is what stands behind one Service with a selector.
type serving struct {
	id        object.ID
	selector  labels.Set
	ports     []port
	publishes bool               // pods that are not ready too: publishNotReadyAddresses
	backing   []Workload         // the workloads of the check whose pods it selects
	foreseen  bool               // some object of the check makes pods that it selects
	coming    int                // pods that others than workloads are to bring: bare pods, ReplicaSets
	selected  []*corev1.Pod      // active pods that it selects, whoever owns them
	expected  []*corev1.Pod      // those of them that it should route to now
	either    map[types.UID]bool // pods on their way out that it may route to until they have gone
	routed    routes             // where its EndpointSlices lead
	differs   difference         // from where they should
}

// serving gathers what stands behind the Service of t. The workloads have been judged before.
func (v *view) serving(t Target) serving {
	o := t.newest()
	s := serving{
		id: object.Of(t.Applied), selector: pairs(o, "spec", "selector"), ports: portsOf(o),
		publishes: flag(o, "spec", "publishNotReadyAddresses"), either: map[types.UID]bool{},
	}
	selector := labels.SelectorFromValidatedSet(s.selector)
	for _, p := range v.Pods {
		if p.Namespace == o.GetNamespace() && selector.Matches(labels.Set(p.Labels)) {
			s.pod(p)
		}
	}
	for _, other := range v.Targets {
		maker := other.newest()
		made, makes := templateLabels(maker)
		if !makes || maker.GetNamespace() != o.GetNamespace() || !selector.Matches(labels.Set(made)) {
			continue
		}
		s.foreseen = true
		if w, known := v.workloads[object.Of(maker)]; known {
			s.backing = append(s.backing, w)
		} else {
			s.coming += max(0, promisedBy(maker)-s.broughtBy(maker))
		}
	}
	name := types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
	s.routed = newRoutes(v.slicesOf[name], o.GetUID(), portNames(s.ports), familiesOf(o))
	s.differs = s.routed.compare(s.expected, s.either)
	return s
}

// pod takes in a pod that the Service selects.
func (s *serving) pod(p *corev1.Pod) {
	if !active(p) {
		// The endpoint controller publishes a pod that ends as it publishes one that begins.
		s.either[p.UID] = s.publishes && p.DeletionTimestamp != nil
		return
	}
	s.selected = append(s.selected, p)
	if ready(p) || s.publishes && p.Status.PodIP != "" {
		s.expected = append(s.expected, p)
	}
}

// promisedBy is how many pods an object that is no workload stands for for good.
func promisedBy(maker *unstructured.Unstructured) int {
	switch maker.GroupVersionKind().GroupKind() {
	case gkReplicaSet:
		return integer(maker, 1, "spec", "replicas")
	case gkPod:
		phase := text(maker, "status", "phase")
		if phase != string(corev1.PodSucceeded) && phase != string(corev1.PodFailed) {
			return 1
		}
	}
	return 0
}

// broughtBy is how many of the expected pods are maker, or are its own.
func (s *serving) broughtBy(maker *unstructured.Unstructured) int {
	n := 0
	for _, p := range s.expected {
		owner := metav1.GetControllerOfNoCopy(p)
		if p.UID == maker.GetUID() || owner != nil && owner.UID == maker.GetUID() {
			n++
		}
	}
	return n
}
