package controlplane

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
)

// NodeStatus is a node as the API server sees it.
type NodeStatus struct {
	Name   string `json:"name"`
	Ready  bool   `json:"ready"`
	CPU    string `json:"cpu"`
	Memory string `json:"memory"`
	Pods   string `json:"pods"`
}

// Nodes asks the API server for its nodes.
func Nodes(ctx context.Context, kubeconfig string) ([]NodeStatus, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, fmt.Errorf("read kubeconfig: %w", err)
	}
	c, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("make client: %w", err)
	}
	list, err := c.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list nodes: %w", err)
	}
	nodes := make([]NodeStatus, 0, len(list.Items))
	for _, n := range list.Items {
		room := n.Status.Allocatable
		nodes = append(nodes, NodeStatus{
			Name: n.Name, Ready: nodeReady(&n),
			CPU: room.Cpu().String(), Memory: room.Memory().String(), Pods: room.Pods().String(),
		})
	}
	return nodes, nil
}
