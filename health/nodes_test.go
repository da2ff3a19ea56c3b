package health_test

import (
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/lockstep-dev/lockstep/health"
)

// rooms are the nodes of a case: "3500m of 8" of a resource each, and whether they are closed.
func (c testCase) rooms(t testing.TB) health.Nodes {
	t.Helper()
	name := corev1.ResourceName(c.Resource)
	if name == "" {
		name = corev1.ResourceCPU
	}
	nodes := health.Nodes{Elastic: c.Elastic}
	if c.NodesAt != "" {
		nodes.Seen, _ = event{At: c.NodesAt}.times(t)
	}
	for node, text := range c.Nodes {
		words := strings.Fields(text) // free "of" all, "closed"
		nodes.Rooms = append(nodes.Rooms, health.Room{
			Name: node, Closed: len(words) > 3,
			Free:        corev1.ResourceList{name: resource.MustParse(words[0])},
			Allocatable: corev1.ResourceList{name: resource.MustParse(words[2])},
		})
	}
	return nodes
}
