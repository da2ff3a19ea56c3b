package health

import (
	"cmp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Nodes is what room the nodes have, at one time. Its zero value is that it is not known.
type Nodes struct {
	Rooms []Room
	Seen  time.Time // when it was looked up
	// Elastic tells that more nodes may come by themselves: an autoscaler has been heard of, or it could not be told.
	Elastic bool
}

// Room is that of one node.
type Room struct {
	Name              string
	Allocatable, Free corev1.ResourceList
	Closed            bool // cordoned, or tainted so that not every pod may go there
}

// scaleUpEnough is how long an autoscaler has to say that it brings a node, from when the scheduler found none: three of
// its rounds.
const scaleUpEnough = 30 * time.Second

// roomy is what the freest node has of a resource.
func (n Nodes) roomy(name corev1.ResourceName) (Room, bool) {
	open := slices.DeleteFunc(slices.Clone(n.Rooms), func(r Room) bool { return r.Closed })
	if len(open) == 0 {
		open = n.Rooms
	}
	if len(open) == 0 {
		return Room{}, false
	}
	return slices.MaxFunc(open, func(a, b Room) int {
		free, other := a.Free[name], b.Free[name]
		return cmp.Or(free.Cmp(other), cmp.Compare(b.Name, a.Name))
	}), true
}

// tooSmall tells that no node would have so much of a resource if it were empty.
func (n Nodes) tooSmall(name corev1.ResourceName, asked resource.Quantity) bool {
	return len(n.Rooms) > 0 && !slices.ContainsFunc(n.Rooms, func(r Room) bool {
		all := r.Allocatable[name]
		return all.Cmp(asked) >= 0
	})
}

// requests are what the scheduler looks for room for: the sum of the containers that run together, or what an init
// container needs beside those that have begun before it and keep running, whichever is more.
func requests(spec *corev1.PodSpec) corev1.ResourceList {
	sum, peak := corev1.ResourceList{}, corev1.ResourceList{}
	for _, c := range spec.InitContainers {
		need := sum.DeepCopy()
		add(need, c.Resources.Requests)
		atLeast(peak, need)
		if isSidecar(c) {
			sum = need
		}
	}
	for _, c := range spec.Containers {
		add(sum, c.Resources.Requests)
	}
	atLeast(sum, peak)
	if spec.Resources != nil {
		for name, quantity := range spec.Resources.Requests {
			sum[name] = quantity.DeepCopy()
		}
	}
	add(sum, spec.Overhead)
	return sum
}

func add(sum, more corev1.ResourceList) {
	for name, quantity := range more {
		total := sum[name]
		total.Add(quantity)
		sum[name] = total
	}
}

// atLeast raises what is lower in list than in floor.
func atLeast(list, floor corev1.ResourceList) {
	for name, quantity := range floor {
		if have, known := list[name]; !known || have.Cmp(quantity) < 0 {
			list[name] = quantity
		}
	}
}

// amount writes how much of a resource it is as a person would: 7.5 cpu, 12.3Gi of memory.
func amount(name corev1.ResourceName, q resource.Quantity) string {
	if q.Sign() < 0 {
		return "0"
	}
	switch {
	case name == corev1.ResourceCPU:
		return decimal(float64(q.MilliValue()) / 1000)
	case name == corev1.ResourceMemory || name == corev1.ResourceEphemeralStorage || strings.HasPrefix(string(name), "hugepages-"):
		return bytesOf(q.Value())
	}
	return q.String()
}

func bytesOf(n int64) string {
	for _, unit := range []struct {
		size int64
		name string
	}{{1 << 40, "Ti"}, {1 << 30, "Gi"}, {1 << 20, "Mi"}, {1 << 10, "Ki"}} {
		if n >= unit.size {
			return decimal(float64(n)/float64(unit.size)) + unit.name
		}
	}
	return decimal(float64(n))
}
