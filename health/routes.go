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
	name  string                     // of the pod, or the address when the endpoint names none
	ports map[string]map[string]bool // by address family: the Service's ports that lead to it
}

// routes are the endpoints that a Service routes to, by the pod's UID; an endpoint that names no pod stands under its
// address.
type routes struct {
	to       map[types.UID]route
	ports    []string // of the Service: an endpoint that not all of them lead to does not count
	families []string // of the Service: a pod counts once it is routed to in all that it has an address of
	slices   int      // that are the Service's
}

// controllerName is who writes the slices of a Service with a selector. Slices of others (mirrored, or written by hand)
// lead elsewhere by intent.
const controllerName = "endpointslice-controller.k8s.io"

// newRoutes reads the slices of the Service of that UID; those of a former Service of the name are on their way out.
func newRoutes(all []*discoveryv1.EndpointSlice, service types.UID, ports, families []string) routes {
	r := routes{to: map[types.UID]route{}, ports: ports, families: families}
	for _, slice := range all {
		owner := metav1.GetControllerOfNoCopy(slice)
		foreign := owner != nil && owner.UID != service
		if foreign || slice.DeletionTimestamp != nil ||
			cmp.Or(slice.Labels[discoveryv1.LabelManagedBy], controllerName) != controllerName {
			continue
		}
		r.slices++
		for _, e := range slice.Endpoints {
			if isReady(e) {
				r.add(e, string(slice.AddressType), slice.Ports)
			}
		}
	}
	return r
}

// isReady tells an endpoint that requests are sent to. A missing condition is to be read as ready: discovery/v1,
// EndpointConditions. One that ends and still serves is not ready.
func isReady(e discoveryv1.Endpoint) bool { return e.Conditions.Ready == nil || *e.Conditions.Ready }

// add takes in one ready endpoint of a slice of that family, with those ports.
func (r routes) add(e discoveryv1.Endpoint, family string, ports []discoveryv1.EndpointPort) {
	uid, name := endpointName(e)
	to, known := r.to[uid]
	if !known {
		to = route{name: name, ports: map[string]map[string]bool{}}
	}
	if to.ports[family] == nil {
		to.ports[family] = map[string]bool{}
	}
	for _, port := range ports {
		if port.Name == nil {
			to.ports[family][""] = true
		} else {
			to.ports[family][*port.Name] = true
		}
	}
	r.to[uid] = to
}

// endpointName is the pod that e leads to, or its address when it names no pod.
func endpointName(e discoveryv1.Endpoint) (types.UID, string) {
	switch {
	case e.TargetRef != nil && e.TargetRef.Kind == gkPod.Kind:
		return e.TargetRef.UID, e.TargetRef.Name
	case len(e.Addresses) > 0:
		return types.UID(e.Addresses[0]), e.Addresses[0]
	}
	return "", ""
}

// reaches tells that all ports of the Service lead to the endpoint in that family.
func (r routes) reaches(to route, family string) bool {
	led, there := to.ports[family]
	return there && !slices.ContainsFunc(r.ports, func(port string) bool { return !led[port] })
}

// reachesAnyhow tells that they do in one family at least.
func (r routes) reachesAnyhow(to route) bool {
	for family := range to.ports {
		if r.reaches(to, family) {
			return true
		}
	}
	return false
}

// lacking are the families in which p should be routed to and is not. Of a Service that names no family any is enough,
// and the one that is lacking then is called "".
func (r routes) lacking(p *corev1.Pod) []string {
	to := r.to[p.UID]
	if len(r.families) == 0 {
		if r.reachesAnyhow(to) {
			return nil
		}
		return []string{""}
	}
	wanted := sharedFamilies(r.families, p)
	if len(wanted) == 0 {
		return r.families // the controller leaves out a pod without an address of the Service's family
	}
	return slices.DeleteFunc(slices.Clone(wanted), func(family string) bool { return r.reaches(to, family) })
}

// difference is how the routes differ from the pods that they should lead to.
type difference struct {
	ready   int      // endpoints that the Service routes to, in full
	pods    []string // names of the pods that are missing
	missing []string // those, with the address family where that is all that is missing
	extra   []string // what is routed to beside the expected pods
}

// compare sets the routes against the pods that are expected; those that may be routed to or not are neither.
func (r routes) compare(expected []*corev1.Pod, either map[types.UID]bool) difference {
	var d difference
	known := map[types.UID]bool{}
	for _, p := range expected {
		known[p.UID] = true
		lacking := r.lacking(p)
		if len(lacking) == 0 {
			d.ready++
			continue
		}
		d.pods = append(d.pods, p.Name)
		d.missing = append(d.missing, p.Name+r.why(p, lacking))
	}
	for uid, to := range r.to {
		if !known[uid] && !either[uid] && r.reachesAnyhow(to) {
			d.ready++
			d.extra = append(d.extra, to.name)
		}
	}
	slices.Sort(d.pods)
	slices.Sort(d.missing)
	slices.Sort(d.extra)
	return d
}
