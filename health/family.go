package health

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// familiesOf reads the address families of a Service; none where it does not say.
func familiesOf(o *unstructured.Unstructured) []string {
	families, _, _ := unstructured.NestedStringSlice(o.Object, "spec", "ipFamilies")
	return families
}

// sharedFamilies are those of families that p has an address of.
func sharedFamilies(families []string, p *corev1.Pod) []string {
	addresses := []string{p.Status.PodIP}
	for _, ip := range p.Status.PodIPs {
		addresses = append(addresses, ip.IP)
	}
	return slices.DeleteFunc(slices.Clone(families), func(family string) bool {
		return !slices.ContainsFunc(addresses, func(ip string) bool { return ip != "" && familyOf(ip) == family })
	})
}

// familyOf is the address family of an IP, as an EndpointSlice calls it.
func familyOf(ip string) string {
	if strings.Contains(ip, ":") {
		return string(discoveryv1.AddressTypeIPv6)
	}
	return string(discoveryv1.AddressTypeIPv4)
}

// why tells a pod that only one family of a dual-stack Service lacks, and one that has no address the Service could use.
// Of any other pod its name says enough.
func (r routes) why(p *corev1.Pod, lacking []string) string {
	shared := sharedFamilies(r.families, p)
	switch {
	case len(r.families) > 0 && len(shared) == 0:
		return " (it has no " + strings.Join(r.families, " or ") + " address)"
	case len(lacking) < len(shared):
		return " (over " + strings.Join(lacking, ", ") + ")"
	}
	return ""
}
