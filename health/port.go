package health

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// port is one port of a Service.
type port struct {
	name     string
	protocol string
	number   int    // that clients ask for
	target   string // the name that it asks the pods for; empty when it asks for a number
	at       int    // that number; 0 when it asks for a name
}

// portsOf reads the ports of a Service.
func portsOf(o *unstructured.Unstructured) []port {
	list := items(o, "spec", "ports")
	ports := make([]port, 0, len(list))
	for _, entry := range list {
		fields, _ := entry.(map[string]any)
		var p port
		p.name, _ = fields["name"].(string)
		p.protocol, _ = fields["protocol"].(string)
		p.protocol = cmp.Or(p.protocol, string(corev1.ProtocolTCP))
		p.number = whole(fields["port"])
		if p.target, _ = fields["targetPort"].(string); p.target == "" {
			p.at = cmp.Or(whole(fields["targetPort"]), p.number)
		}
		ports = append(ports, p)
	}
	return ports
}

// whole reads a number of an object's fields; what is none is 0.
func whole(field any) int {
	switch n := field.(type) {
	case int64:
		return int(n)
	case float64:
		return int(n)
	}
	return 0
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
		if asked.target == "" {
			continue
		}
		lacking := slices.DeleteFunc(slices.Clone(s.expected), func(p *corev1.Pod) bool { return offers(p, asked) })
		if len(lacking) == 0 {
			continue
		}
		message := fmt.Sprintf("port %q asks for targetPort %q%s, which no container of %s names",
			asked.name, asked.target, asked.over(), lacking[0].Name)
		if names := offered(lacking[0], asked.protocol); names != "" {
			message += "; it names " + names
		} else if numbers := declared(lacking[0]); numbers != "" {
			message += "; it names none, and declares " + numbers
		}
		p := Problem{
			Reason: PortMismatch, Object: s.id, Message: message, Terminal: v.settled(),
			Advice: "Give the Service's targetPort and the container's port the same name and protocol, or use the number.",
		}
		for _, pod := range lacking {
			p.Pods = append(p.Pods, pod.Name)
		}
		return &p
	}
	return nil
}

// over says the protocol where it is not the one that everybody thinks of.
func (p port) over() string {
	if p.protocol == string(corev1.ProtocolTCP) {
		return ""
	}
	return " over " + p.protocol
}

// containerPorts are the ports of p's containers; those of init containers count when they keep running.
func containerPorts(p *corev1.Pod) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for _, c := range p.Spec.Containers {
		ports = append(ports, c.Ports...)
	}
	for _, c := range p.Spec.InitContainers {
		if isSidecar(c) {
			ports = append(ports, c.Ports...)
		}
	}
	return ports
}

// protocolOf is TCP where a container does not say.
func protocolOf(c corev1.ContainerPort) string {
	return cmp.Or(string(c.Protocol), string(corev1.ProtocolTCP))
}

// offers tells that a container of p has a port of the asked name and protocol: the endpoint controller wants both.
func offers(p *corev1.Pod, asked port) bool {
	return slices.ContainsFunc(containerPorts(p), func(c corev1.ContainerPort) bool {
		return c.Name == asked.target && protocolOf(c) == asked.protocol
	})
}

// offered lists the names of p's ports, with the protocol where it is not the one that was asked for.
func offered(p *corev1.Pod, protocol string) string {
	var names []string
	for _, c := range containerPorts(p) {
		switch {
		case c.Name == "":
		case protocolOf(c) != protocol:
			names = append(names, c.Name+" over "+protocolOf(c))
		default:
			names = append(names, c.Name)
		}
	}
	return strings.Join(names, ", ")
}

// declared lists the numbers of p's ports, with their names.
func declared(p *corev1.Pod) string {
	var numbers []string
	for _, c := range containerPorts(p) {
		number := strconv.Itoa(int(c.ContainerPort))
		if c.Name != "" {
			number += " (" + c.Name + ")"
		}
		numbers = append(numbers, number)
	}
	return strings.Join(numbers, ", ")
}
