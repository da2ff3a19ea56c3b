package health

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// port is one port of a Service.
type port struct {
	name   string
	target string // the name that it asks the pods for; empty when it asks for a number
}

// portsOf reads the ports of a Service.
func portsOf(o *unstructured.Unstructured) []port {
	list, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
	ports := make([]port, 0, len(list))
	for _, entry := range list {
		fields, _ := entry.(map[string]any)
		name, _ := fields["name"].(string)
		target, _ := fields["targetPort"].(string)
		ports = append(ports, port{name, target})
	}
	return ports
}

func portNames(ports []port) []string {
	names := make([]string, len(ports))
	for i, p := range ports {
		names[i] = p.name
	}
	return names
}

// portMismatch is the problem of a Service that asks ready pods for a port by a name that none of their containers has.
// No endpoint ever serves such a port: a container's ports are fixed with the pod. Nil when there is none of the kind.
func (v *view) portMismatch(s serving) *Problem {
	for _, asked := range s.ports {
		lacking := slices.DeleteFunc(slices.Clone(s.expected), func(p *corev1.Pod) bool {
			return asked.target == "" || slices.Contains(namedPorts(p), asked.target)
		})
		if len(lacking) == 0 {
			continue
		}
		message := fmt.Sprintf("port %q asks for targetPort %q, which no container of %s names", asked.name, asked.target, lacking[0].Name)
		if names := namedPorts(lacking[0]); len(names) > 0 {
			message += "; it names " + strings.Join(names, ", ")
		}
		p := Problem{
			Reason: PortMismatch, Object: s.id, Message: message, Terminal: v.settled(),
			Advice: "Give the Service's targetPort and the container's port the same name, or use the number.",
		}
		for _, pod := range lacking {
			p.Pods = append(p.Pods, pod.Name)
		}
		return &p
	}
	return nil
}

// namedPorts are the names of the ports of p's containers; those of init containers count when they keep running.
func namedPorts(p *corev1.Pod) []string {
	var names []string
	for _, c := range slices.Concat(p.Spec.Containers, p.Spec.InitContainers) {
		for _, offered := range c.Ports {
			if offered.Name != "" {
				names = append(names, offered.Name)
			}
		}
	}
	return names
}
