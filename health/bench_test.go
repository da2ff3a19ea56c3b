package health_test

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"slices"
	stdsync "sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

var benchApps = flag.Int("apps", 100, "how many apps the verdict's benchmark has in the gate at once")

const (
	benchSpaces = 20 // namespaces, where there are many
	benchHands  = 8  // pods that change at once
)

// BenchmarkVerdict times how long after a pod's readiness has changed a check says so: with one app in the gate, and with
// many at once, all in one namespace or in several. A change is a PATCH of a pod's status, so nothing is timed but the
// API server, the watch and the verdict. The floor is a bare watch of the benchmark's own, and the lag between two such
// watches is what cannot be told from no lag at all.
func BenchmarkVerdict(b *testing.B) {
	b.Run("one app", func(b *testing.B) { benchVerdict(b, 1, 1) })
	b.Run(fmt.Sprintf("%d apps in one namespace", *benchApps), func(b *testing.B) { benchVerdict(b, *benchApps, 1) })
	b.Run(fmt.Sprintf("%d apps in %d namespaces", *benchApps, benchSpaces), func(b *testing.B) {
		benchVerdict(b, *benchApps, benchSpaces)
	})
}

func benchVerdict(b *testing.B, apps, spaces int) {
	var watches stdsync.Map
	config := clustertest.Config(b)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &watchCounter{next, &watches} })
	c := newClusterBy(b, config)
	makeRoom(b, c)
	s := &sights{flips: map[types.NamespacedName]*flip{}}
	pods := s.follow(b, c, deployMany(b, c, apps, spaces))
	cluster := clustertest.Client(b)
	for who := range observerVerdict {
		s.watch(b, cluster, who)
	}
	var mu stdsync.Mutex
	var ours, bare, second, whole []time.Duration
	b.ResetTimer()
	var hands errgroup.Group
	n := min(benchHands, len(pods))
	for hand := range n {
		hands.Go(func() error {
			var own []types.NamespacedName // nobody else changes them
			for i := hand; i < len(pods); i += n {
				own = append(own, pods[i])
			}
			for i := range (b.N - hand + n - 1) / n {
				f, err := s.flip(b.Context(), cluster, own[i%len(own)], i/len(own)%2 == 1)
				if err != nil {
					return err
				}
				mu.Lock()
				ours = append(ours, f.at[observerVerdict].Sub(f.at[observerFirst]))
				second = append(second, f.at[observerSecond].Sub(f.at[observerFirst]))
				whole = append(whole, f.at[observerVerdict].Sub(f.began))
				bare = append(bare, f.at[observerFirst].Sub(f.began))
				mu.Unlock()
			}
			return nil
		})
	}
	must(b, hands.Wait())
	b.StopTimer()
	once(b, &watches, spaces)
	b.Logf("bare watch → verdict       p50 %6.1f ms   p99 %6.1f ms", ms(ours, 50), ms(ours, 99))
	b.Logf("bare watch → second watch  p50 %6.1f ms   p99 %6.1f ms", ms(second, 50), ms(second, 99))
	b.Logf("PATCH → verdict            p50 %6.1f ms   PATCH → bare watch p50 %6.1f ms", ms(whole, 50), ms(bare, 50))
	b.ReportMetric(ms(ours, 50), "ms-verdict-p50")
	b.ReportMetric(ms(ours, 99), "ms-verdict-p99")
	b.ReportMetric(ms(whole, 50)/ms(bare, 50), "verdict/watch")
}

// makeRoom adds a node for many pods: those of the local cluster hold 330 in all. It stays as long as the cluster: the pods of
// one run are still on their way out when the next begins, and those of a node that has gone would stay and take the room.
func makeRoom(b *testing.B, c *cluster) {
	b.Helper()
	room := map[string]any{"cpu": "64", "memory": "64Gi", "pods": "2000"}
	o := unstructuredOf(b, map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": "room"},
		"spec": map[string]any{"podCIDR": "10.128.64.0/21", "podCIDRs": []any{"10.128.64.0/21"}},
		"status": map[string]any{
			"capacity": room, "allocatable": room,
			"addresses": []any{map[string]any{"type": "InternalIP", "address": "10.64.1.1"}},
		},
	})
	nodes := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "nodes"})
	if _, err := nodes.Create(b.Context(), o, metav1.CreateOptions{}); !apierrors.IsAlreadyExists(err) {
		must(b, err)
	}
}

// once wants one watch for each kind and namespace. In a run of minutes one may break, and is begun anew.
func once(b *testing.B, watches *stdsync.Map, spaces int) {
	b.Helper()
	paths := 0
	watches.Range(func(path, n any) bool {
		paths++
		if n := n.(*atomic.Int32).Load(); n > 3 {
			b.Errorf("%d watches of %s", n, path)
		}
		return true
	})
	if want := 5 * spaces; paths != want { // deployments, services, replicasets, pods, endpointslices
		b.Errorf("%d watches, want %d", paths, want)
	}
}

func ms(all []time.Duration, percent int) float64 {
	sorted := slices.Sorted(slices.Values(all))
	return float64(sorted[max(0, (len(sorted)*percent+99)/100-1)].Microseconds()) / 1000
}

// deployMany applies apps of one pod each, and returns the objects of each.
func deployMany(b *testing.B, c *cluster, apps, spaces int) [][]*unstructured.Unstructured {
	b.Helper()
	namespaces := []string{c.namespace}
	for len(namespaces) < spaces {
		namespaces = append(namespaces, clustertest.Namespace(b))
	}
	all := make([][]*unstructured.Unstructured, apps)
	var applying errgroup.Group
	applying.SetLimit(benchHands)
	for i := range apps {
		applying.Go(func() error {
			for _, o := range named(b, fmt.Sprintf("app-%d", i), 1) {
				o.SetNamespace(namespaces[i%spaces])
				resource := c.resourceIn(o, o.GetNamespace())
				live, err := resource.Apply(b.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "test"})
				if err != nil {
					return err
				}
				all[i] = append(all[i], live)
			}
			return nil
		})
	}
	must(b, applying.Wait())
	return all
}

// The observers of a change.
const (
	observerFirst = iota
	observerSecond
	observerVerdict
)

// flip is one change of a pod's readiness, and when each observer saw it.
type flip struct {
	ready bool
	began time.Time
	at    [observerVerdict + 1]time.Time
	left  int
	done  chan struct{}
}

// sights brings the changes that are under way together with those who see them.
type sights struct {
	mu    stdsync.Mutex
	flips map[types.NamespacedName]*flip
}

func (s *sights) see(who int, pod types.NamespacedName, ready bool) {
	now := time.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.flips[pod]
	if f == nil || f.ready != ready || !f.at[who].IsZero() {
		return
	}
	f.at[who] = now
	if f.left--; f.left == 0 {
		close(f.done)
	}
}

// flip makes a pod ready or not, and returns when all have seen it.
func (s *sights) flip(ctx context.Context, c client.Client, pod types.NamespacedName, ready bool) (*flip, error) {
	status := corev1.ConditionFalse
	if ready {
		status = corev1.ConditionTrue
	}
	f := &flip{ready: ready, left: observerVerdict + 1, done: make(chan struct{}), began: time.Now()}
	s.mu.Lock()
	s.flips[pod] = f
	s.mu.Unlock()
	o := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: pod.Namespace, Name: pod.Name}}
	text := fmt.Sprintf(`{"status":{"conditions":[{"type":"Ready","status":%q}]}}`, status)
	if err := c.Status().Patch(ctx, o, client.RawPatch(types.StrategicMergePatchType, []byte(text))); err != nil {
		return nil, err
	}
	select {
	case <-f.done:
		return f, nil
	case <-time.After(patience):
		return nil, fmt.Errorf("%s ready %t: not seen by all: %v", pod, ready, f.at)
	}
}

// watch is a bare watch of all pods.
func (s *sights) watch(b *testing.B, c client.WithWatch, who int) {
	b.Helper()
	w, err := c.Watch(b.Context(), &corev1.PodList{})
	must(b, err)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for event := range w.ResultChan() {
			p, ok := event.Object.(*corev1.Pod)
			if !ok {
				continue
			}
			ready := slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
				return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
			})
			s.see(who, client.ObjectKeyFromObject(p), ready)
		}
	}()
	b.Cleanup(func() {
		w.Stop()
		<-done
	})
}

// follow has every app in the gate until the benchmark ends, and returns its pods once all are healthy.
func (s *sights) follow(b *testing.B, c *cluster, apps [][]*unstructured.Unstructured) []types.NamespacedName {
	b.Helper()
	ctx, cancel := context.WithCancel(b.Context())
	var following stdsync.WaitGroup
	pods := make(chan types.NamespacedName, len(apps))
	for _, objects := range apps {
		following.Go(func() {
			told := false
			_ = c.gate.Follow(ctx, health.Check{Objects: applied(b, objects...), Progress: func(r *health.Report) {
				for _, p := range r.Workloads[0].Pods {
					name := types.NamespacedName{Namespace: objects[0].GetNamespace(), Name: p.Name}
					s.see(observerVerdict, name, p.Ready)
					if isCurrent(r) && !told {
						told = true
						pods <- name
					}
				}
			}})
		})
	}
	b.Cleanup(func() {
		cancel()
		following.Wait()
	})
	all := make([]types.NamespacedName, 0, len(apps))
	for range apps {
		all = append(all, <-pods)
	}
	return all
}
