package controlplane

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	heartbeat "sigs.k8s.io/kwok/kustomize/stage/node/heartbeat-with-lease"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
)

// nodeLeaseSeconds is how long a node lives without a heartbeat, as with a kubelet.
const nodeLeaseSeconds = 40

// kwokStages is what kwok does to nodes and pods: nodes become Ready and stay so by their leases, pods become Ready with
// an address at once, a Job's pods complete, deleted pods go.
func kwokStages() []byte {
	return []byte(strings.Join([]string{
		nodefast.DefaultNodeInit, heartbeat.DefaultNodeHeartbeatWithLease,
		podfast.DefaultPodReady, podfast.DefaultPodComplete, podfast.DefaultPodDelete,
	}, "\n---\n"))
}

// createNodes makes the Node objects. They are not Ready before kwok has seen them.
func createNodes(ctx context.Context, c kubernetes.Interface, o Options) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(20)
	for i := range o.Nodes {
		group.Go(func() error {
			n := node(i, o)
			if _, err := c.CoreV1().Nodes().Create(ctx, n, metav1.CreateOptions{}); err != nil {
				return fmt.Errorf("create node %s: %w", n.Name, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// node returns the i-th node, counted from 0. The options are valid.
func node(i int, o Options) *corev1.Node {
	name := "node-" + strconv.Itoa(i+1)
	room := corev1.ResourceList{
		corev1.ResourceCPU:    resource.MustParse(o.NodeCPU),
		corev1.ResourceMemory: resource.MustParse(o.NodeMemory),
		corev1.ResourcePods:   *resource.NewQuantity(int64(o.NodePods), resource.DecimalSI),
	}
	return &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{
			corev1.LabelHostname:   name,
			corev1.LabelOSStable:   "linux",
			corev1.LabelArchStable: "amd64",
		}},
		Spec: corev1.NodeSpec{PodCIDR: podCIDR(i), PodCIDRs: []string{podCIDR(i)}},
		Status: corev1.NodeStatus{
			Capacity:    room,
			Allocatable: room,
			Addresses: []corev1.NodeAddress{
				{Type: corev1.NodeInternalIP, Address: offset("10.64.0.0", i+1).String()},
				{Type: corev1.NodeHostName, Address: name},
			},
		},
	}
}

// podCIDR returns the i-th node's addresses: 1,024 each, from 10.128.0.0 on, clear of nodes and Services.
func podCIDR(i int) string {
	const bits, size = 22, 1024
	return netip.PrefixFrom(offset("10.128.0.0", i*size), bits).String()
}

func offset(base string, by int) netip.Addr {
	b := netip.MustParseAddr(base).As4()
	return netip.AddrFrom4([4]byte{b[0], b[1] + byte(by>>16), b[2] + byte(by>>8), b[3] + byte(by)})
}
