package health

import (
	"cmp"
	"slices"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// routes are the pods that a Service routes to, by UID, each with the name that its endpoint gives. An endpoint that
// names no pod stands under its address.
type routes map[types.UID]string

// controllerName is who writes the slices of a Service with a selector. Slices of others (mirrored, or written by hand)
// lead elsewhere by intent.
const controllerName = "endpointslice-controller.k8s.io"

// newRoutes reads the slices of the Service of that UID; those of a former Service of the name are on their way out.
func newRoutes(all []*discoveryv1.EndpointSlice, service types.UID) routes {
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
			if e.Conditions.Ready != nil && !*e.Conditions.Ready {
				continue
			}
			if e.TargetRef != nil && e.TargetRef.Kind == "Pod" {
				r[e.TargetRef.UID] = e.TargetRef.Name
			} else if len(e.Addresses) > 0 {
				r[types.UID(e.Addresses[0])] = e.Addresses[0]
			}
		}
	}
	return r
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
	for uid, name := range r {
		if !known[uid] {
			extra = append(extra, name)
		}
	}
	slices.Sort(missing)
	slices.Sort(extra)
	return missing, extra
}
