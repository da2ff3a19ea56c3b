package controlplane

import (
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Defaults and limits of a cluster's size.
const (
	DefaultNodes      = 3
	DefaultNodeCPU    = "4"
	DefaultNodeMemory = "8Gi"
	DefaultNodePods   = 110

	maxNodes    = 1000
	maxNodePods = 1000 // the addresses of a node, see podCIDR
)

// Options is the size of a cluster.
type Options struct {
	Nodes      int    `json:"nodes"`      // 1 to 1000
	NodeCPU    string `json:"nodeCPU"`    // of each node, as in a manifest: 4, 500m
	NodeMemory string `json:"nodeMemory"` // of each node, as in a manifest: 8Gi
	NodePods   int    `json:"nodePods"`   // of each node, 1 to 1000
}

// DefaultOptions returns the size that a cluster has when nothing else is asked for.
func DefaultOptions() Options {
	return Options{Nodes: DefaultNodes, NodeCPU: DefaultNodeCPU, NodeMemory: DefaultNodeMemory, NodePods: DefaultNodePods}
}

// Validate says which option cannot be.
func (o Options) Validate() error {
	if o.Nodes < 1 || o.Nodes > maxNodes {
		return fmt.Errorf("nodes: %d is not between 1 and %d", o.Nodes, maxNodes)
	}
	if o.NodePods < 1 || o.NodePods > maxNodePods {
		return fmt.Errorf("node pods: %d is not between 1 and %d", o.NodePods, maxNodePods)
	}
	if err := validateQuantity("node cpu", o.NodeCPU); err != nil {
		return err
	}
	return validateQuantity("node memory", o.NodeMemory)
}

func validateQuantity(what, text string) error {
	q, err := resource.ParseQuantity(text)
	if err != nil {
		return fmt.Errorf("%s: %q is not a quantity such as 4, 500m or 8Gi", what, text)
	}
	if q.Sign() <= 0 {
		return fmt.Errorf("%s: %s is not more than 0", what, text)
	}
	return nil
}
