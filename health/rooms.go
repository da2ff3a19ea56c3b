package health

import (
	"context"
	"fmt"
	"strings"
	stdsync "sync"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

const (
	roomsEvery   = 10 * time.Second // is the least time between two look-ups
	roomsShare   = 20               // and they take no more than one part in so many of it
	roomsTimeout = time.Minute
	roomsPage    = 500 // objects in one answer
)

// rooms looks up what room the nodes have, while some session wants to know, in a goroutine of its own. It reads all pods of
// the cluster for it, which is why they are not watched.
type rooms struct {
	client  rest.Interface
	ctx     context.Context
	stop    context.CancelFunc
	running stdsync.WaitGroup

	mu      stdsync.Mutex
	last    Nodes
	next    time.Time // when it may be looked up again
	due     *time.Timer
	waiting map[listener]struct{}
}

func newRooms(client rest.Interface) *rooms {
	ctx, stop := context.WithCancel(context.Background())
	return &rooms{client: client, ctx: ctx, stop: stop, waiting: map[listener]struct{}{}}
}

// get returns what is known, and has l told when more is: soon, if the last look-up was a while ago.
func (r *rooms) get(l listener) Nodes {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting[l] = struct{}{}
	if r.due == nil && r.ctx.Err() == nil {
		r.due = time.AfterFunc(time.Until(r.next), r.begin)
	}
	return r.last
}

// forget has l not told any more.
func (r *rooms) forget(l listener) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, l)
	if len(r.waiting) == 0 {
		r.last = Nodes{} // it is old by the time that somebody asks again
	}
}

// begin looks up, unless nobody wants to know any more.
func (r *rooms) begin() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.waiting) == 0 || r.ctx.Err() != nil {
		r.due = nil
		return
	}
	r.running.Go(r.look)
}

// look looks up, and tells who waits for it.
func (r *rooms) look() {
	ctx, cancel := context.WithTimeout(r.ctx, roomsTimeout)
	defer cancel()
	begun := time.Now()
	nodes := r.read(ctx)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last, r.due = nodes, nil
	r.next = time.Now().Add(max(roomsEvery, roomsShare*time.Since(begun)))
	for l := range r.waiting {
		l.poke()
	}
	clear(r.waiting)
}

// close ends all looking, and waits until it has ended.
func (r *rooms) close() {
	r.mu.Lock()
	r.stop()
	if r.due != nil {
		r.due.Stop()
	}
	r.mu.Unlock()
	r.running.Wait()
}

// read asks for the nodes and the pods on them. Where it may not, nothing is known.
func (r *rooms) read(ctx context.Context) Nodes {
	byNode := map[string]*Room{}
	elastic := false
	err := r.pages(ctx, "nodes", "", func() runtime.Object { return &corev1.NodeList{} }, func(page runtime.Object) {
		for _, n := range page.(*corev1.NodeList).Items {
			byNode[n.Name] = roomOf(&n)
			elastic = elastic || grown(&n)
		}
	})
	if err != nil {
		return Nodes{}
	}
	const running = "status.phase!=Succeeded,status.phase!=Failed,spec.nodeName!="
	err = r.pages(ctx, "pods", running, func() runtime.Object { return &corev1.PodList{} }, func(page runtime.Object) {
		for _, p := range page.(*corev1.PodList).Items {
			if room := byNode[p.Spec.NodeName]; room != nil {
				room.take(&p)
			}
		}
	})
	if err != nil {
		return Nodes{}
	}
	nodes := Nodes{Seen: time.Now(), Elastic: elastic || r.scaledUp(ctx)}
	for _, room := range byNode {
		nodes.Rooms = append(nodes.Rooms, *room)
	}
	return nodes
}

// roomOf is the room of a node without its pods.
func roomOf(n *corev1.Node) *Room {
	room := &Room{Name: n.Name, Allocatable: n.Status.Allocatable, Free: n.Status.Allocatable.DeepCopy(), Closed: n.Spec.Unschedulable}
	for _, taint := range n.Spec.Taints {
		room.Closed = room.Closed || taint.Effect != corev1.TaintEffectPreferNoSchedule
	}
	return room
}

// take takes what p asks for from what is free.
func (r *Room) take(p *corev1.Pod) {
	for name, quantity := range requests(&p.Spec) {
		if free, known := r.Free[name]; known {
			free.Sub(quantity)
			r.Free[name] = free
		}
	}
}

// grown tells a node that an autoscaler has brought, by the labels of Karpenter.
func grown(n *corev1.Node) bool {
	for label := range n.Labels {
		if strings.HasPrefix(label, "karpenter.sh/") {
			return true
		}
	}
	return false
}

// scaledUp tells that the cluster autoscaler has brought a node lately, or that this cannot be told.
func (r *rooms) scaledUp(ctx context.Context) bool {
	found := false
	err := r.pages(ctx, "events", "reason=TriggeredScaleUp", func() runtime.Object { return &corev1.EventList{} }, func(page runtime.Object) {
		found = found || len(page.(*corev1.EventList).Items) > 0
	})
	return found || err != nil
}

// pages asks for all objects of a resource that the field selector chooses, a page at a time.
func (r *rooms) pages(ctx context.Context, resource, selector string, empty func() runtime.Object, visit func(page runtime.Object)) error {
	options := metav1.ListOptions{Limit: roomsPage, FieldSelector: selector}
	for {
		page := empty()
		if err := r.client.Get().Resource(resource).VersionedParams(&options, scheme.ParameterCodec).Do(ctx).Into(page); err != nil {
			return fmt.Errorf("list %s: %w", resource, err)
		}
		visit(page)
		list, ok := page.(metav1.ListInterface)
		if !ok {
			return fmt.Errorf("list %s: the answer is a %T", resource, page)
		}
		if options.Continue = list.GetContinue(); options.Continue == "" {
			return nil
		}
	}
}
