package health

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// serving is what stands behind one Service with a selector.
type serving struct {
	id       object.ID
	selector labels.Set
	ports    []port
	backing  []Workload    // the workloads of the check whose pods it selects
	foreseen bool          // some object of the check makes pods that it selects
	selected []*corev1.Pod // active pods that it selects, whoever owns them
	expected []*corev1.Pod // those of them that it should route to now
	routed   routes        // where its EndpointSlices lead
}

// gated tells the Services that are judged by their endpoints.
func gated(t Target) bool {
	o := t.newest()
	return o.GroupVersionKind().GroupKind() == gkService && len(pairs(o, "spec", "selector")) > 0 &&
		text(o, "spec", "type") != string(corev1.ServiceTypeExternalName)
}

// serving gathers what stands behind the Service of t. The workloads have been judged before.
func (v *view) serving(t Target) serving {
	o := t.newest()
	s := serving{id: object.Of(t.Applied), selector: pairs(o, "spec", "selector"), ports: portsOf(o)}
	selector := labels.SelectorFromValidatedSet(s.selector)
	for _, other := range v.Targets {
		if !other.makesPodsFor(o.GetNamespace(), selector) {
			continue
		}
		s.foreseen = true
		if w, known := v.workloads[object.Of(other.Applied)]; known {
			s.backing = append(s.backing, w)
		}
	}
	for _, p := range v.Pods {
		if p.Namespace != o.GetNamespace() || !active(p) || !selector.Matches(labels.Set(p.Labels)) {
			continue
		}
		s.selected = append(s.selected, p)
		if ready(p) || flag(o, "spec", "publishNotReadyAddresses") && p.Status.PodIP != "" {
			s.expected = append(s.expected, p)
		}
	}
	name := types.NamespacedName{Namespace: o.GetNamespace(), Name: o.GetName()}
	s.routed = newRoutes(v.slicesOf[name], o.GetUID(), portNames(s.ports))
	return s
}

// service judges one Service with a selector.
func (v *view) service(t Target) (Service, []Problem) {
	s := v.serving(t)
	row := Service{
		ID: s.id, Name: s.id.Name, EndpointsReady: len(s.routed), EndpointsExpected: s.promised(), Status: InProgress,
	}
	if said := judge(t); said.status != Current {
		row.Status, row.Reason, row.Message = said.status, RolloutInProgress, said.message
		return row, nil
	}
	if s.unwanted() {
		row.Status, row.Message = Current, "all its workloads ask for 0 pods"
		return row, nil
	}
	p := v.obstacle(s)
	if p == nil {
		row.Message = fmt.Sprintf("%d of %s ready", len(s.routed), plural(row.EndpointsExpected, "endpoint"))
		if row.Status = Current; len(s.routed) < row.EndpointsExpected {
			row.Status, row.Reason = InProgress, RolloutInProgress
		}
		return row, nil
	}
	row.Reason, row.Message = p.Reason, p.Message
	if p.Terminal {
		row.Status = Failed
	}
	if p.Reason == EndpointsNotReady && !s.rolledOut() {
		return row, nil // a consequence of what the workloads are told for
	}
	return row, []Problem{*p}
}

// obstacle is what keeps the Service from routing to exactly the ready pods that it selects; nil when it does.
func (v *view) obstacle(s serving) *Problem {
	missing, extra := s.routed.compare(s.expected)
	switch {
	case len(s.selected) == 0 && !s.foreseen:
		return v.matchesNothing(s)
	case len(missing)+len(extra) == 0 && len(s.expected) > 0:
		return nil
	}
	if p := v.portMismatch(s); p != nil {
		return p
	}
	return s.incomplete(missing, extra)
}

// promised is how many endpoints the Service has once its workloads are as they were asked to be: their pods, and the
// ready ones of others that it selects. When they are, it is what they turned out to be, since a workload that keeps pods
// of an older template may have some that the Service does not select.
func (s serving) promised() int {
	if s.rolledOut() {
		return len(s.expected)
	}
	n := 0
	owned := map[string]bool{}
	for _, w := range s.backing {
		n += w.Desired
		for _, p := range w.Pods {
			owned[p.Name] = true
		}
	}
	for _, p := range s.expected {
		if !owned[p.Name] {
			n++
		}
	}
	return n
}

// rolledOut tells that nothing but the endpoints is left to wait for.
func (s serving) rolledOut() bool {
	for _, w := range s.backing {
		if w.Status != Current {
			return false
		}
	}
	return true
}

// unwanted tells that every workload behind the Service asks for no pod, and none is left.
func (s serving) unwanted() bool {
	for _, w := range s.backing {
		if w.Desired > 0 || w.Status != Current {
			return false
		}
	}
	return len(s.backing) > 0 && len(s.selected) == 0 && len(s.routed) == 0
}

// incomplete says which endpoints are missing or too many.
func (s serving) incomplete(missing, extra []string) *Problem {
	message := fmt.Sprintf("%d of %s ready", len(s.routed), plural(s.promised(), "endpoint"))
	if len(missing) > 0 {
		message += "; not routed to yet: " + strings.Join(missing, ", ")
	}
	if len(extra) > 0 {
		message += "; still routed to: " + strings.Join(extra, ", ")
	}
	if len(s.expected) == 0 && len(s.selected) > 0 {
		message += fmt.Sprintf("; none of the %s that it selects is ready", plural(len(s.selected), "pod"))
	}
	return &Problem{
		Reason: EndpointsNotReady, Object: s.id, Pods: missing, Message: message,
		Advice: "Wait for the EndpointSlice controller; where it does not come, check the readiness of the pods and that " +
			"kube-controller-manager runs.",
	}
}
