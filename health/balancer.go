package health

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

const (
	pendingAddress = "no load balancer has given it an address yet"
	adviseBalancer = "See the Service's events (kubectl describe service): they say what the load balancer's controller is at."
	adviseProvider = "Where nothing in the cluster provides load balancers (kind, bare metal), use ClusterIP or NodePort, or install one."
)

// unbalanced is the problem of a Service of type LoadBalancer that waits for its address. Flux and kstatus call such a
// Service ready as soon as it is there; Argo CD and helm --wait hold it to its address, and never get done on a cluster
// that has no load balancers. That cannot be read from the API, but that somebody is at work can: whoever provides a load
// balancer puts a finalizer on the Service first, so as to take the balancer down with it, and a class names the provider.
// Then the address is waited for; otherwise its absence is a warning. The endpoints count in either case.
func unbalanced(t Target) *Problem {
	o := t.newest()
	if !lacksAddress(o) || !provided(o) {
		return nil
	}
	return &Problem{
		Reason: LoadBalancerPending, Object: object.Of(t.Applied), Message: pendingAddress, Advice: adviseBalancer,
	}
}

// lacksAddress tells a Service of type LoadBalancer without one.
func lacksAddress(o *unstructured.Unstructured) bool {
	given := items(o, "status", "loadBalancer", "ingress")
	return text(o, "spec", "type") == string(corev1.ServiceTypeLoadBalancer) && len(given) == 0
}

// provided tells that a controller has taken on the Service's load balancer, or is asked to by name.
func provided(o *unstructured.Unstructured) bool {
	return len(o.GetFinalizers()) > 0 || text(o, "spec", "loadBalancerClass") != ""
}

// unprovided warns of Services that have no address, and for which nobody seems to be making one.
func (v *view) unprovided() []Problem {
	var all []Problem
	for _, t := range v.Targets {
		o := t.newest()
		if o.GroupVersionKind().GroupKind() != gkService || t.freshness() != fresh || !lacksAddress(o) || provided(o) {
			continue
		}
		id := object.Of(t.Applied)
		all = append(all, Problem{
			Reason: LoadBalancerPending, Object: id, Advice: adviseProvider,
			Message: id.String() + ": " + pendingAddress + ", and no controller seems to make one",
		})
	}
	return all
}
