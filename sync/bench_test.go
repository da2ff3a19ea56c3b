package sync_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	stdsync "sync"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
)

// BenchmarkCommit times commits that scale between 1 and 3, and in the same run what no daemon could be faster than.
//
//	accepted: from the moment the branch has moved to the moment a watch of the benchmark's own shows the new count.
//	          The floor is a bare PATCH of the same change, to the same moment.
//	reported: from the moment a watch of the benchmark's own shows every pod ready and every endpoint routed to, to
//	          the moment Lockstep calls the commit healthy. The floor is when a second such watch shows the same.
func BenchmarkCommit(b *testing.B) {
	s := newStage(b, options{}, web(b, 1)...)
	first, second := newEye(b, s.client, s.namespace), newEye(b, s.client, s.namespace)
	bare := newBareApp(b, s.client)
	verdict := &verdictObserver{at: map[string]time.Time{}}
	s.loop.Reconciler.Observer = both{s.store, verdict}
	hash := s.commit()
	s.start()
	s.serves(hash, 1)
	for _, e := range []*eye{first, second} { // the first deploy does not count
		e.counted(1)
		e.complete(1)
	}
	var accepted, patched, reported, watched []time.Duration
	b.ResetTimer()
	for i := range b.N {
		replicas := 3 - 2*(i%2)
		hash = s.commit("web-deployment.yaml", deployment(b, replicas))
		moved := refTime(b, s.repo.Dir)
		accepted = append(accepted, first.counted(replicas).Sub(moved))
		complete := first.complete(replicas)
		second.counted(replicas)
		watched = append(watched, second.complete(replicas).Sub(complete))
		s.serves(hash, replicas)
		reported = append(reported, verdict.of(hash).Sub(complete))
		patched = append(patched, bare.patch(replicas))
	}
	b.StopTimer()
	if b.N == 1 {
		return // the benchmark's own warm-up
	}
	row(b, "commit → accepted", accepted, "bare PATCH → accepted", patched)
	row(b, "complete → reported Healthy", reported, "complete → second bare watch", watched)
	b.ReportMetric(ms(percentile(accepted, 50)), "ms-accepted-p50")
	b.ReportMetric(ms(percentile(accepted, 50))/ms(percentile(patched, 50)), "accepted/PATCH")
	b.ReportMetric(ms(percentile(reported, 50)), "ms-reported-p50")
}

func row(b *testing.B, what string, ours []time.Duration, floorName string, floor []time.Duration) {
	b.Logf("%-30s p50 %7.1f ms   p99 %7.1f ms", what, ms(percentile(ours, 50)), ms(percentile(ours, 99)))
	b.Logf("%-30s p50 %7.1f ms   p99 %7.1f ms", floorName, ms(percentile(floor, 50)), ms(percentile(floor, 99)))
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// percentile returns the smallest value that at least p percent of all do not exceed.
func percentile(all []time.Duration, p int) time.Duration {
	sorted := slices.Sorted(slices.Values(all))
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

// refTime is when the branch came to its commit.
func refTime(b *testing.B, dir string) time.Time {
	b.Helper()
	info, err := os.Stat(filepath.Join(dir, ".git", "refs", "heads", "main"))
	if err != nil {
		b.Fatal(err)
	}
	return info.ModTime()
}

// bareApp is the same Deployment, applied without Lockstep.
type bareApp struct {
	b         *testing.B
	client    client.WithWatch
	namespace string
	eye       *eye
}

func newBareApp(b *testing.B, c client.WithWatch) *bareApp {
	b.Helper()
	app := &bareApp{b: b, client: c, namespace: clustertest.Namespace(b)}
	app.eye = newEye(b, c, app.namespace)
	app.patch(1)
	return app
}

// patch applies a count as Lockstep does, with the same client and nothing around it.
func (a *bareApp) patch(replicas int) time.Duration {
	a.b.Helper()
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(deployment(a.b, replicas)), &o.Object); err != nil {
		a.b.Fatal(err)
	}
	o.SetNamespace(a.namespace)
	began := time.Now()
	if err := a.client.Apply(a.b.Context(), client.ApplyConfigurationFromUnstructured(o), client.FieldOwner("bench")); err != nil {
		a.b.Fatal(err)
	}
	return a.eye.counted(replicas).Sub(began)
}

// eye is a watch over the Deployment and its endpoints that knows since when they are as they are.
type eye struct {
	b  *testing.B
	mu stdsync.Mutex

	desired, ready, endpoints int
	since                     map[string]time.Time // "counted 3", "complete 3": the last time that it came to be so
}

func newEye(b *testing.B, c client.WithWatch, namespace string) *eye {
	b.Helper()
	e := &eye{b: b, since: map[string]time.Time{}}
	for _, list := range []client.ObjectList{&appsv1.DeploymentList{}, &discoveryv1.EndpointSliceList{}} {
		w, err := c.Watch(b.Context(), list, client.InNamespace(namespace))
		if err != nil {
			b.Fatal(err)
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			for event := range w.ResultChan() {
				e.see(event)
			}
		}()
		b.Cleanup(func() {
			w.Stop()
			<-done
		})
	}
	return e
}

func (e *eye) see(event watch.Event) {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	before := e.key()
	switch o := event.Object.(type) {
	case *appsv1.Deployment:
		if int(*o.Spec.Replicas) != e.desired {
			e.since[fmt.Sprint("counted ", *o.Spec.Replicas)] = now
		}
		e.desired, e.ready = int(*o.Spec.Replicas), 0
		if o.Status.ObservedGeneration == o.Generation && o.Status.Replicas == o.Status.UpdatedReplicas {
			e.ready = int(o.Status.ReadyReplicas)
		}
	case *discoveryv1.EndpointSlice:
		e.endpoints = 0
		for _, endpoint := range o.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				e.endpoints++
			}
		}
	}
	if after := e.key(); after != before && after != "" {
		e.since[after] = now
	}
}

// key is "complete N" when all that are desired are ready and routed to.
func (e *eye) key() string {
	if e.ready != e.desired || e.endpoints != e.desired {
		return ""
	}
	return fmt.Sprint("complete ", e.desired)
}

func (e *eye) counted(n int) time.Time  { return e.wait(fmt.Sprint("counted ", n)) }
func (e *eye) complete(n int) time.Time { return e.wait(fmt.Sprint("complete ", n)) }

// wait returns when what came to be so, and forgets it.
func (e *eye) wait(what string) time.Time {
	e.b.Helper()
	var at time.Time
	clustertest.Eventually(e.b, what, func(context.Context) (bool, string) {
		e.mu.Lock()
		defer e.mu.Unlock()
		at = e.since[what]
		if !at.IsZero() {
			delete(e.since, what)
		}
		return !at.IsZero(), fmt.Sprint(e.since)
	})
	return at
}

// verdictObserver remembers when each commit was called healthy.
type verdictObserver struct {
	mu stdsync.Mutex
	at map[string]time.Time
}

func (v *verdictObserver) Observe(_ context.Context, event sync.Event) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if _, told := v.at[event.Revision.Hash]; event.Record != nil && !told {
		v.at[event.Revision.Hash] = event.At
	}
}

func (v *verdictObserver) of(hash string) time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.at[hash]
}

// both tells two observers.
type both [2]sync.Observer

func (o both) Observe(ctx context.Context, event sync.Event) {
	o[0].Observe(ctx, event)
	o[1].Observe(ctx, event)
}
