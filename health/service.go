package health

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
)

// gated tells the Services that are judged by their endpoints.
func gated(t Target) bool {
	o := t.newest()
	return o.GroupVersionKind().GroupKind() == gkService && len(mapAt(mapAt(o.Object, "spec"), "selector")) > 0 &&
		text(o, "spec", "type") != string(corev1.ServiceTypeExternalName)
}

// service judges one Service with a selector.
func (v *view) service(t Target) (Service, []Problem) {
	s := v.serving(t)
	v.servings[s.id] = s
	row := Service{
		ID: s.id, Name: s.id.Name, EndpointsReady: s.differs.ready, EndpointsExpected: s.promised(), Status: InProgress,
	}
	if said := judge(t); said.status != Current {
		row.Status, row.Reason, row.Message = said.status, RolloutInProgress, said.message
		return row, nil
	}
	if idle := s.idle(); idle != "" {
		row.Status, row.Message = Current, idle
		return row, nil
	}
	p := v.obstacle(s)
	if p == nil {
		p = unbalanced(t)
	}
	if p == nil {
		row.Message = fmt.Sprintf("%d of %s ready", row.EndpointsReady, plural(row.EndpointsExpected, "endpoint"))
		if row.Status = Current; row.EndpointsReady < row.EndpointsExpected {
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
	switch {
	case len(s.selected) == 0 && !s.foreseen:
		return v.matchesNothing(s)
	case len(s.differs.missing)+len(s.differs.extra) == 0 && len(s.expected) > 0:
		return nil
	}
	if p := v.portMismatch(s); p != nil {
		return p
	}
	p := s.incomplete()
	if len(s.selected)+len(s.differs.extra) == 0 && len(s.backing) > 0 && s.rolledOut() {
		if near := v.nearestPod(s); near != "" {
			p.Message += "; nearest: " + near
			p.Advice = "The pods have other labels than the template that makes them: have them made anew (kubectl rollout restart), " +
				"or see what changes their labels."
		}
	}
	return p
}

// promised is how many endpoints the Service has once its workloads are as they were asked to be: their pods, and the
// ready ones of others that it selects. When they are, it is what they turned out to be, since a workload that keeps pods
// of an older template may have some that the Service does not select.
func (s serving) promised() int {
	if s.rolledOut() {
		return len(s.expected)
	}
	n := s.coming
	owned := map[string]bool{}
	for _, w := range s.backing {
		if w.Kind == gkJob.Kind {
			continue // its completions come one after the other: what counts are the pods that it has now
		}
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
	return s.coming == 0
}

// idle says why nobody wants the Service to serve, and empty when somebody does: every workload behind it asks for no pod,
// or is a Job that is done, and no pod is left.
func (s serving) idle() string {
	if len(s.backing) == 0 || s.coming > 0 || len(s.selected)+s.differs.ready > 0 {
		return ""
	}
	why := "all its workloads ask for 0 pods"
	if len(s.backing) == 1 && s.backing[0].Kind == gkDaemonSet.Kind {
		why = "no node is for the DaemonSet behind it"
	}
	for _, w := range s.backing {
		switch {
		case w.Status != Current:
			return ""
		case w.Kind == gkJob.Kind:
			why = "the Jobs behind it are complete"
		case w.Desired > 0:
			return ""
		}
	}
	return why
}

// incomplete says which endpoints are missing or too many.
func (s serving) incomplete() *Problem {
	message := fmt.Sprintf("%d of %s ready", s.differs.ready, plural(s.promised(), "endpoint"))
	if s.routed.slices == 0 && len(s.expected) > 0 {
		message += "; there is no EndpointSlice of it"
	}
	if len(s.differs.missing) > 0 {
		message += "; not routed to yet: " + listed(s.differs.missing)
	}
	if len(s.differs.extra) > 0 {
		message += "; still routed to: " + listed(s.differs.extra)
	}
	switch {
	case len(s.expected) > 0:
	case len(s.selected) > 0:
		message += "; " + noneReady(len(s.selected))
	case len(s.differs.extra) == 0:
		message += "; there is no pod that it selects"
	}
	advice := "Wait for the EndpointSlice controller; where it does not come, check the readiness of the pods and that " +
		"kube-controller-manager runs."
	if len(s.selected) > 0 && len(s.expected)+len(s.differs.extra) == 0 {
		advice = "See why the pods that it selects are not ready (kubectl describe pods)."
	}
	return &Problem{Reason: EndpointsNotReady, Object: s.id, Pods: s.differs.pods, Message: message, Advice: advice}
}

// noneReady says that of the pods that a Service selects none is ready.
func noneReady(selected int) string {
	if selected == 1 {
		return "the pod that it selects is not ready"
	}
	return fmt.Sprintf("none of the %s that it selects is ready", plural(selected, "pod"))
}
