package health

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// route is one ready endpoint of a Service, over all its slices.
type route struct {
	name  string          // of the pod, or the address when the endpoint names none
	ports map[string]bool // the Service's ports that lead to it
}

// routes are the pods that a Service routes to, by UID; an endpoint that names no pod stands under its address.
type routes map[types.UID]route

// controllerName is who writes the slices of a Service with a selector. Slices of others (mirrored, or written by hand)
// lead elsewhere by intent.
const controllerName = "endpointslice-controller.k8s.io"

// newRoutes reads the slices of the Service of that UID; those of a former Service of the name are on their way out.
// Endpoints that not all of its ports lead to are left out.
func newRoutes(all []*discoveryv1.EndpointSlice, service types.UID, ports []string) routes {
	r := routes{}
	for _, slice := range all {
		owner := metav1.GetControllerOfNoCopy(slice)
		foreign := owner != nil && owner.UID != service
		if foreign || slice.DeletionTimestamp != nil ||
			cmp.Or(slice.Labels[discoveryv1.LabelManagedBy], controllerName) != controllerName {
			continue
		}
		for _, e := range slice.Endpoints {
			// A missing condition is to be read as ready: discovery/v1, EndpointConditions.
			if e.Conditions.Ready == nil || *e.Conditions.Ready {
				r.add(e, slice.Ports)
			}
		}
	}
	for uid, to := range r {
		if slices.ContainsFunc(ports, func(port string) bool { return !to.ports[port] }) {
			delete(r, uid)
		}
	}
	return r
}

// add takes in one ready endpoint of a slice with those ports.
func (r routes) add(e discoveryv1.Endpoint, ports []discoveryv1.EndpointPort) {
	var uid types.UID
	to := route{ports: map[string]bool{}}
	switch {
	case e.TargetRef != nil && e.TargetRef.Kind == "Pod":
		uid, to.name = e.TargetRef.UID, e.TargetRef.Name
	case len(e.Addresses) > 0:
		uid, to.name = types.UID(e.Addresses[0]), e.Addresses[0]
	}
	if known, there := r[uid]; there {
		to = known
	}
	for _, port := range ports {
		if port.Name == nil {
			to.ports[""] = true
		} else {
			to.ports[*port.Name] = true
		}
	}
	r[uid] = to
}

// compare names the expected pods that are not routed to, and what is routed to beside them, both sorted.
func (r routes) compare(expected []*corev1.Pod) (missing, extra []string) {
	known := map[types.UID]bool{}
	for _, p := range expected {
		known[p.UID] = true
		if _, routed := r[p.UID]; !routed {
			missing = append(missing, p.Name)
		}
	}
	for uid, to := range r {
		if !known[uid] {
			extra = append(extra, to.name)
		}
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return missing, extra
}
