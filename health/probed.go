package health

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health/probe"
)

// probed finds what each of the URLs stands for in the state, of which r is the report, Current but for them. A Service
// whose workloads are asked for no pod is left out: there is nobody to ask.
func probed(s State, r *Report, urls []probe.URL) (targets []probe.Target, problems []Problem) {
	for _, u := range urls {
		t, err := s.probed(u)
		if err != nil {
			problems = append(problems, Problem{
				Reason: ProbeFailed, Object: serviceID(u), Message: fmt.Sprintf("%s: %s", u, err), Terminal: true,
				Advice: "Have the probe name a port of a Service with a selector that the app's own manifests hold.",
			})
			continue
		}
		if routed := r.routed(serviceID(u)); len(t.Backends) < routed {
			problems = append(problems, Problem{
				Reason: ProbeFailed, Object: serviceID(u), Message: fmt.Sprintf("%s: only %d of its %s at an address of the pod that it names",
					u, len(t.Backends), plural(routed, "endpoint")),
				Advice: "Look for EndpointSlices of the Service that somebody has written by hand.",
			})
		} else if routed > 0 {
			targets = append(targets, t)
		}
	}
	return targets, problems
}

// routed is how many pods the Service routes to.
func (r *Report) routed(service object.ID) int {
	for _, row := range r.Services {
		if row.ID == service {
			return row.EndpointsReady
		}
	}
	return 0
}

// probed finds the Service of u among the targets, and the pods behind it. Nothing else is ever asked: whoever may write
// the app's configuration could have the daemon knock at any door otherwise.
func (s State) probed(u probe.URL) (probe.Target, error) {
	at := slices.IndexFunc(s.Targets, func(t Target) bool { return object.Of(t.Applied) == serviceID(u) })
	if at < 0 {
		return probe.Target{}, fmt.Errorf("service %s in namespace %s is not one of the app's objects", u.Service, u.Namespace)
	}
	o := s.Targets[at].newest()
	if !gated(s.Targets[at]) {
		return probe.Target{}, fmt.Errorf("service %s has no selector, and may lead anywhere", u.Service)
	}
	number, name, err := portOf(o, u.Port)
	if err != nil {
		return probe.Target{}, err
	}
	t := probe.Target{URL: u, Port: number, Uneven: uneven(o)}
	if address := text(o, "spec", "clusterIP"); address != corev1.ClusterIPNone {
		t.Address = address
	}
	t.Backends = s.backends(o, name)
	return t, nil
}

func serviceID(u probe.URL) object.ID {
	return object.ID{Kind: gkService.Kind, Namespace: u.Namespace, Name: u.Service}
}

// uneven tells a Service that does not spread what one client asks over all of its pods.
func uneven(o *unstructured.Unstructured) bool {
	return text(o, "spec", "sessionAffinity") == string(corev1.ServiceAffinityClientIP) ||
		text(o, "spec", "internalTrafficPolicy") == string(corev1.ServiceInternalTrafficPolicyLocal) ||
		text(o, "spec", "trafficDistribution") != ""
}

// portOf finds the port of a Service that has that number or that name.
func portOf(o *unstructured.Unstructured, asked string) (number int, name string, err error) {
	list := items(o, "spec", "ports")
	var offered []string
	for _, entry := range list {
		fields, _ := entry.(map[string]any)
		port, _ := fields["port"].(int64)
		name, _ := fields["name"].(string)
		if protocol, _ := fields["protocol"].(string); cmp.Or(protocol, "TCP") != "TCP" {
			continue
		}
		if asked == strconv.FormatInt(port, 10) || asked == name {
			return int(port), name, nil
		}
		offered = append(offered, strings.TrimSuffix(fmt.Sprintf("%d (%s)", port, name), " ()"))
	}
	return 0, "", fmt.Errorf("service %s has no TCP port %s; it has %s", o.GetName(), asked, cmp.Or(strings.Join(offered, ", "), "none"))
}

// backends are the ready endpoints of a Service at the port of that name, a pod each, by name. An endpoint counts only at
// an address of the pod that it names: slices can be written by hand, and lead anywhere.
func (s State) backends(o *unstructured.Unstructured, port string) []probe.Backend {
	pods := map[types.UID]*corev1.Pod{}
	for _, p := range s.Pods {
		pods[p.UID] = p
	}
	found := map[types.UID]probe.Backend{}
	for _, slice := range s.slicesFor(o) {
		number := slicePort(slice, port)
		for _, e := range slice.Endpoints {
			if number == 0 || len(e.Addresses) == 0 || e.TargetRef == nil || e.Conditions.Ready != nil && !*e.Conditions.Ready {
				continue
			}
			p := pods[e.TargetRef.UID]
			if _, known := found[e.TargetRef.UID]; known || p == nil || !hasAddress(p, e.Addresses[0]) {
				continue
			}
			found[p.UID] = probe.Backend{Pod: p.Name, Address: e.Addresses[0], Port: number}
		}
	}
	all := make([]probe.Backend, 0, len(found))
	for _, b := range found {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b probe.Backend) int { return cmp.Compare(a.Pod, b.Pod) })
	return all
}

// slicesFor are the slices of a Service, those of its own family of addresses first.
func (s State) slicesFor(o *unstructured.Unstructured) []*discoveryv1.EndpointSlice {
	family := discoveryv1.AddressTypeIPv4
	if address, err := netip.ParseAddr(text(o, "spec", "clusterIP")); err == nil && address.Is6() {
		family = discoveryv1.AddressTypeIPv6
	}
	var all []*discoveryv1.EndpointSlice
	for _, slice := range s.Slices {
		owner := metav1.GetControllerOfNoCopy(slice)
		if slice.Namespace == o.GetNamespace() && slice.Labels[discoveryv1.LabelServiceName] == o.GetName() &&
			(owner == nil || owner.UID == o.GetUID()) {
			all = append(all, slice)
		}
	}
	slices.SortFunc(all, func(a, b *discoveryv1.EndpointSlice) int {
		if (a.AddressType == family) != (b.AddressType == family) {
			if a.AddressType == family {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Name, b.Name)
	})
	return all
}

// slicePort is the number of the port of that name; 0 where the slice has none.
func slicePort(slice *discoveryv1.EndpointSlice, name string) int {
	for _, p := range slice.Ports {
		if p.Port != nil && (p.Name == nil && name == "" || p.Name != nil && *p.Name == name) {
			return int(*p.Port)
		}
	}
	return 0
}

func hasAddress(p *corev1.Pod, address string) bool {
	return p.Status.PodIP == address ||
		slices.ContainsFunc(p.Status.PodIPs, func(ip corev1.PodIP) bool { return ip.IP == address })
}
