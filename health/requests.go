package health

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unrequested says of each container of o's template what it does not request, cpu or memory. A limit counts as a request,
// as it does in the API server; so do the requests of the whole pod, and those that a LimitRange has given its pods.
func (v *view) unrequested(o *unstructured.Unstructured) []string {
	given := v.givenRequests(o)
	pod := mapAt(mapAt(mapAt(mapAt(o.Object, "spec"), "template"), "spec"), "resources")
	var all []string
	for _, c := range templateContainers(o) {
		name, _ := c["name"].(string)
		own := mapAt(c, "resources")
		var lacking []string
		for _, resource := range []string{"cpu", "memory"} {
			_, inPod := given[name][corev1.ResourceName(resource)]
			if !inPod && !asks(own, resource) && !asks(pod, resource) {
				lacking = append(lacking, "no "+resource)
			}
		}
		if len(lacking) > 0 {
			all = append(all, "container "+name+" requests "+strings.Join(lacking, " and "))
		}
	}
	return all
}

// asks tells that resources request some of that name, or are limited to some.
func asks(resources map[string]any, name string) bool {
	return mapAt(resources, "requests")[name] != nil || mapAt(resources, "limits")[name] != nil
}

// givenRequests are what the containers of a current pod of o request in fact, by container.
func (v *view) givenRequests(o *unstructured.Unstructured) map[string]corev1.ResourceList {
	given := map[string]corev1.ResourceList{}
	current := v.members(o).current
	if len(current) == 0 {
		return given
	}
	for _, c := range current[0].Spec.Containers {
		given[c.Name] = c.Resources.Requests
	}
	for _, c := range current[0].Spec.InitContainers {
		given[c.Name] = c.Resources.Requests
	}
	return given
}
