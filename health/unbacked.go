package health

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// unbacked are the problems of an Ingress or a route that leads to a Service, or a port of one, that is not there. Like a
// selector that matches nothing it is beyond hope once all workloads of the check are complete: a Service may be another
// app's, but whoever waits for that says so with dependsOn.
func (v *view) unbacked(t Target) []Problem {
	o := t.newest()
	var all []Problem
	told := map[string]bool{}
	for _, b := range backendsOf(o) {
		message := v.missing(o.GetNamespace(), b)
		if message == "" || told[b.service+":"+b.port()] {
			continue
		}
		told[b.service+":"+b.port()] = true
		all = append(all, Problem{
			Reason: BackendMissing, Object: object.Of(t.Applied), Message: b.from + " leads to " + message, Terminal: v.settled(),
			Advice: "Correct the backend's service and port, or add the Service: until then requests that come there fail.",
		})
	}
	return all
}

// missing says what of a backend is not there; empty when all of it is.
func (v *view) missing(namespace string, b backend) string {
	service := v.serviceNamed(namespace, b.service)
	if service == nil {
		return fmt.Sprintf("service/%s, which does not exist in namespace %s%s", b.service, namespace, v.similar(namespace, b.service))
	}
	ports := portsOf(service)
	if b.name == "" && b.number == 0 || len(ports) == 0 && text(service, "spec", "type") == string(corev1.ServiceTypeExternalName) {
		return ""
	}
	var has []string
	for _, p := range ports {
		if b.name != "" && p.name == b.name || b.name == "" && p.number == b.number {
			return ""
		}
		words := strconv.Itoa(p.number)
		if p.name != "" {
			words += " (" + p.name + ")"
		}
		has = append(has, words)
	}
	if len(has) == 0 {
		has = []string{"no port"}
	}
	return fmt.Sprintf("port %s of service/%s, which has %s", b.port(), b.service, strings.Join(has, ", "))
}

// serviceNamed is the Service of that name as the check applies it, or else as somebody else has; nil when there is none.
func (v *view) serviceNamed(namespace, name string) *unstructured.Unstructured {
	is := func(o *unstructured.Unstructured) bool {
		return isService(o.GroupVersionKind().GroupKind()) && o.GetNamespace() == namespace && o.GetName() == name
	}
	for _, t := range v.Targets {
		if o := t.newest(); is(o) {
			return o
		}
	}
	if i := slices.IndexFunc(v.Services, is); i >= 0 {
		return v.Services[i]
	}
	return nil
}

// similar names the Service of the check that was probably meant, if one is near enough.
func (v *view) similar(namespace, name string) string {
	best, fewest := "", len(name)/2+1
	for _, t := range v.Targets {
		o := t.newest()
		if !isService(o.GroupVersionKind().GroupKind()) || o.GetNamespace() != namespace {
			continue
		}
		if typos := distance(o.GetName(), name); typos < fewest {
			best, fewest = o.GetName(), typos
		}
	}
	if best == "" {
		return ""
	}
	return "; nearest: " + best
}
