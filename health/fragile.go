package health

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// fragile warns of what makes a workload serve worse than it could: a single pod behind a Service, requests that come
// before a container can answer them, and pods that the scheduler places without knowing what they need.
func (v *view) fragile(t Target, w Workload) []Problem {
	o := t.newest()
	fronts := v.fronts(o)
	var all []Problem
	if scales := w.Kind == gkDeployment.Kind || w.Kind == gkStatefulSet.Kind; scales && w.Desired == 1 && len(fronts) > 0 {
		all = append(all, Problem{
			Reason: SingleReplica, Object: w.ID,
			Message: fmt.Sprintf("%s has a single pod behind %s", w.ID, object.Of(fronts[0])),
			Advice:  "Run two at least: while a node is drained or a pod is replaced by force, nothing serves.",
		})
	}
	if names := unprobed(o, fronts); w.Kind != gkJob.Kind && len(names) > 0 {
		all = append(all, Problem{
			Reason: NoReadinessProbe, Object: w.ID,
			Message: fmt.Sprintf("%s: %s has no readinessProbe: %s sends requests as soon as it runs",
				w.ID, containersNamed(names), object.Of(fronts[0])),
			Advice: "Give it a readinessProbe, so that a pod is routed to only once it can answer.",
		})
	}
	if lacking := v.unrequested(o); len(lacking) > 0 {
		all = append(all, Problem{
			Reason: RequestsMissing, Object: w.ID,
			Message: fmt.Sprintf("%s: %s", w.ID, strings.Join(lacking, "; ")),
			Advice:  "Say what they need in resources.requests: the scheduler may put them where there is too little, and the kubelet evicts them first.",
		})
	}
	return all
}

// containersNamed is "container web" or "containers web, proxy".
func containersNamed(names []string) string {
	if len(names) == 1 {
		return "container " + names[0]
	}
	return "containers " + listed(names)
}

// fronts are the Services of the check that select the pods of o, in order.
func (v *view) fronts(o *unstructured.Unstructured) []*unstructured.Unstructured {
	made, makes := templateLabels(o)
	if !makes {
		return nil
	}
	var all []*unstructured.Unstructured
	for _, t := range v.Targets {
		service := t.newest()
		if gated(t) && service.GetNamespace() == o.GetNamespace() &&
			labels.SelectorFromValidatedSet(pairs(service, "spec", "selector")).Matches(labels.Set(made)) {
			all = append(all, service)
		}
	}
	return all
}

// unprobed names the containers that the Services send requests to and that have no readinessProbe. A Service that
// publishes pods that are not ready does not ask for one.
func unprobed(o *unstructured.Unstructured, fronts []*unstructured.Unstructured) []string {
	var names []string
	for _, service := range fronts {
		if flag(service, "spec", "publishNotReadyAddresses") {
			continue
		}
		for _, c := range servingContainers(o, portsOf(service)) {
			name, _ := c["name"].(string)
			if c["readinessProbe"] == nil && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// servingContainers are those of o's template that declare one of the ports. Where none does, it can only be told of a
// template with one container which it is.
func servingContainers(o *unstructured.Unstructured, ports []port) []map[string]any {
	all := templateContainers(o)
	serving := slices.DeleteFunc(slices.Clone(all), func(c map[string]any) bool {
		return !slices.ContainsFunc(mapsAt(c, "ports"), func(offered map[string]any) bool {
			return slices.ContainsFunc(ports, func(p port) bool {
				return p.target != "" && offered["name"] == p.target || p.at != 0 && whole(offered["containerPort"]) == p.at
			})
		})
	})
	if len(serving) == 0 && len(all) == 1 {
		return all
	}
	return serving
}

// templateContainers are the containers of o's pod template that run as long as the pod does.
func templateContainers(o *unstructured.Unstructured) []map[string]any {
	spec := mapAt(mapAt(mapAt(o.Object, "spec"), "template"), "spec")
	all := mapsAt(spec, "containers")
	for _, c := range mapsAt(spec, "initContainers") {
		if c["restartPolicy"] == "Always" {
			all = append(all, c)
		}
	}
	return all
}
