package health

import (
	"fmt"
	"slices"
	"strconv"

	corev1 "k8s.io/api/core/v1"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// undeclared warns of Services that send requests to a port number that none of the containers declares, while they do
// declare others. It fails nothing: a container may listen on ports that it does not declare.
func (v *view) undeclared() []Problem {
	var all []Problem
	for _, t := range v.Targets {
		s := v.servings[object.Of(t.Applied)]
		for _, asked := range s.ports {
			lacking := slices.IndexFunc(s.selected, func(p *corev1.Pod) bool { return declaresOthers(p, asked) })
			if lacking < 0 {
				continue
			}
			name := strconv.Itoa(asked.number)
			if asked.name != "" {
				name = strconv.Quote(asked.name)
			}
			all = append(all, Problem{
				Reason: PortUndeclared, Object: s.id, Pods: []string{s.selected[lacking].Name},
				Message: fmt.Sprintf("%s: port %s asks for targetPort %d%s, which no container of %s declares; it declares %s",
					s.id, name, asked.at, asked.over(), s.selected[lacking].Name, declared(s.selected[lacking])),
				Advice: "Make the Service's targetPort and the container's port agree; where the container does listen there, declare it.",
			})
			break // one is enough to look at the ports
		}
	}
	return all
}

// declaresOthers tells that p's containers declare ports, and not the number that is asked for.
func declaresOthers(p *corev1.Pod, asked port) bool {
	ports := containerPorts(p)
	return asked.target == "" && len(ports) > 0 && !slices.ContainsFunc(ports, func(c corev1.ContainerPort) bool {
		return int(c.ContainerPort) == asked.at && protocolOf(c) == asked.protocol
	})
}
