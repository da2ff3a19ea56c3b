package controlplane

import (
	"net/netip"
	"strings"
	"testing"
)

func TestNodesHaveAddressesOfTheirOwn(t *testing.T) {
	services := netip.MustParsePrefix(serviceCIDR)
	seen := map[string]bool{}
	for i := range maxNodes {
		n := node(i, DefaultOptions())
		pods := netip.MustParsePrefix(n.Spec.PodCIDR)
		address := netip.MustParseAddr(n.Status.Addresses[0].Address)
		if pods.Masked() != pods || pods.Overlaps(services) || pods.Contains(address) || services.Contains(address) {
			t.Fatalf("%s has pods %s and address %s", n.Name, pods, address)
		}
		for _, own := range []string{n.Name, pods.String(), address.String()} {
			if seen[own] {
				t.Fatalf("%s is not %s's alone", own, n.Name)
			}
			seen[own] = true
		}
	}
}

func TestANodeHasTheRoomThatWasAskedFor(t *testing.T) {
	n := node(0, Options{Nodes: 1, NodeCPU: "500m", NodeMemory: "2Gi", NodePods: 7})
	room := n.Status.Allocatable
	if room.Cpu().String() != "500m" || room.Memory().String() != "2Gi" || room.Pods().Value() != 7 {
		t.Errorf("room is %v", room)
	}
}

func TestKwokIsToldOfNodesAndPods(t *testing.T) {
	stages := string(kwokStages())
	for _, name := range []string{
		"node-initialize", "node-heartbeat-with-lease", "pod-ready", "pod-complete", "pod-delete",
	} {
		if !strings.Contains(stages, "name: "+name+"\n") {
			t.Errorf("no stage %s", name)
		}
	}
}
