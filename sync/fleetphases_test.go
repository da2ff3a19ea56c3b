package sync_test

import (
	"fmt"
	"os"
	"slices"
	stdsync "sync"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/sync/benchdaemon"
)

// report prints one figure, and makes it a metric of the benchmark.
func (f *fleetBench) report(value float64, unit, text string) {
	f.ReportMetric(value, unit)
	fmt.Fprintf(os.Stderr, "%4d apps  %-34s %8.2f  %s\n", f.n, unit, value, text)
}

// install is the first install of all apps.
func (f *fleetBench) install(bare *bareFleet) {
	f.Helper()
	var texts []string
	for i := range f.n {
		texts = append(texts, benchObjects(benchName(i), 1)...)
	}
	floor := bare.apply(texts)
	bare.eye.complete(f.n, 1)
	eye := newFleetEye(f, f.order.Namespace)
	hash := f.repo.Commit("Install")
	began := time.Now()
	f.start()
	healthy := f.allHealthy(hash, f.n).Sub(began)
	accepted := eye.accepted(f.n, 1).Sub(began)
	shown := eye.complete(f.n, 1).Sub(began)
	used := f.used()
	f.report(accepted.Seconds()/floor.Seconds(), "install/bare", fmt.Sprintf("last Deployment accepted after %s, bare client %s; aim 2.2", round(accepted), round(floor)))
	f.report(healthy.Seconds()/shown.Seconds(), "install-healthy/shown", fmt.Sprintf("last app healthy after %s, the API shows it after %s", round(healthy), round(shown)))
	f.report(ms(used.CPU)/float64(f.n), "install-cpu-ms/app", fmt.Sprint(used.Calls))
}

// scale is one commit that changes one number in every app.
func (f *fleetBench) scale(bare *bareFleet, replicas int) {
	f.Helper()
	var texts []string
	for i := range f.n {
		texts = append(texts, benchObjects(benchName(i), replicas)[1])
		f.write(i, replicas)
	}
	floor := bare.apply(texts)
	bare.eye.complete(f.n, replicas)
	eye := newFleetEye(f, f.order.Namespace)
	before := f.used()
	hash := f.repo.Commit("Scale all")
	began := refTime(f.B, f.repo.Dir)
	healthy := f.allHealthy(hash, f.n).Sub(began)
	accepted := eye.accepted(f.n, replicas).Sub(began)
	shown := eye.complete(f.n, replicas).Sub(began)
	used := f.used()
	f.report(accepted.Seconds()/floor.Seconds(), "scale/bare", fmt.Sprintf("last Deployment accepted after %s, bare client %s; aim 1.5", round(accepted), round(floor)))
	f.report(healthy.Seconds()/shown.Seconds(), "scale-healthy/shown", fmt.Sprintf("last app healthy after %s, the API shows it after %s; aim 1.3", round(healthy), round(shown)))
	f.report(ms(used.CPU-before.CPU)/float64(f.n), "scale-cpu-ms/app", "aim 15; "+callsSince(before, used))
	f.report(float64(used.RSS)/(1<<20), "rss-MiB", fmt.Sprintf("the most so far; aim 150; now %d MiB of heap, %d of stacks", used.Heap>>20, used.Stacks>>20))
}

// touchOne is a commit that changes one app of all, several times.
func (f *fleetBench) touchOne(times int) {
	f.Helper()
	eye := newFleetEye(f, f.order.Namespace)
	before := f.used()
	var waits []time.Duration
	for i := range times {
		replicas := 1 + i%2
		f.write(0, replicas)
		hash := f.repo.Commit("Touch one")
		began := refTime(f.B, f.repo.Dir)
		waits = append(waits, eye.of(benchName(0), replicas).Sub(began))
		f.allHealthy(hash, 1)
	}
	used := f.used()
	f.report(float64(used.Calls["APPLY"]-before.Calls["APPLY"])/float64(times), "touch-one-patches/commit", callsSince(before, used))
	f.report(ms(percentile(waits, 50)), "touch-one-accepted-p50-ms", fmt.Sprintf("p99 %s; aim 150", round(percentile(waits, 99))))
	f.report(ms(used.CPU-before.CPU)/float64(times), "touch-one-cpu-ms/commit", "")
}

// again is a restart with nothing changed.
func (f *fleetBench) again() {
	f.Helper()
	f.stop()
	began := time.Now()
	f.start()
	f.eventually("the fleet to be healthy again", func() (bool, string) {
		used := f.used()
		return used.Apps == f.n && used.Healthy == f.n, fmt.Sprintf("%d of %d", used.Healthy, used.Apps)
	})
	ready := time.Since(began)
	used := f.used()
	f.report(ready.Seconds(), "restart-s", "aim 10; "+fmt.Sprint(used.Calls))
	f.report(float64(used.Calls["APPLY"]+used.Calls["WRITE"]), "restart-writes", "aim 0")
	f.report(float64(used.RSS)/(1<<20), "restart-rss-MiB", "")
}

// rest is a time in which nothing happens.
func (f *fleetBench) rest(long time.Duration) {
	f.Helper()
	<-time.After(2 * time.Second) // let the restart's last events come in
	before := f.used()
	<-time.After(long)
	used := f.used()
	f.report(100*(used.CPU-before.CPU).Seconds()/long.Seconds(), "rest-cpu-%", "of a core; aim 0.5; "+callsSince(before, used))
	f.report(float64(used.Goroutines), "goroutines", "")
}

func round(d time.Duration) time.Duration { return d.Round(time.Millisecond) }

func callsSince(before, after benchdaemon.Usage) string {
	text := ""
	for _, verb := range []string{"GET", "LIST", "WATCH", "DRYRUN", "APPLY", "WRITE"} {
		text += fmt.Sprintf(" %s %d", verb, after.Calls[verb]-before.Calls[verb])
	}
	return "calls:" + text
}

// fleetEye is the benchmark's own watch over the Deployments and endpoints of a namespace.
type fleetEye struct {
	f  *fleetBench
	mu stdsync.Mutex
	// of each Deployment: the count asked for and since when, whether all are ready and updated, and the endpoints
	asked, ready, endpoints map[string]int
	since                   map[string]time.Time // "name count"
	whole                   map[string]time.Time // when it was last seen to become complete
}

func newFleetEye(f *fleetBench, namespace string) *fleetEye {
	f.Helper()
	e := &fleetEye{
		f: f, asked: map[string]int{}, ready: map[string]int{}, endpoints: map[string]int{},
		since: map[string]time.Time{}, whole: map[string]time.Time{},
	}
	for _, list := range []client.ObjectList{&appsv1.DeploymentList{}, &discoveryv1.EndpointSliceList{}} {
		done := make(chan struct{})
		go func() {
			defer close(done)
			for f.Context().Err() == nil { // the API server ends a watch now and then
				w, err := f.client.Watch(f.Context(), list, client.InNamespace(namespace))
				if err != nil {
					continue
				}
				for event := range w.ResultChan() {
					e.see(event)
				}
				w.Stop()
			}
		}()
		f.Cleanup(func() { <-done })
	}
	return e
}

func (e *fleetEye) see(event watch.Event) {
	now := time.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	name := ""
	switch o := event.Object.(type) {
	case *appsv1.Deployment:
		name = o.Name
		if count := int(*o.Spec.Replicas); count != e.asked[name] {
			e.asked[name], e.since[fmt.Sprint(name, " ", count)] = count, now
		}
		e.ready[name] = 0
		if o.Status.ObservedGeneration == o.Generation && o.Status.Replicas == o.Status.UpdatedReplicas {
			e.ready[name] = int(o.Status.ReadyReplicas)
		}
	case *discoveryv1.EndpointSlice:
		name = o.Labels[discoveryv1.LabelServiceName]
		e.endpoints[name] = 0
		for _, endpoint := range o.Endpoints {
			if endpoint.Conditions.Ready == nil || *endpoint.Conditions.Ready {
				e.endpoints[name]++
			}
		}
	}
	switch is := e.asked[name]; {
	case is == 0 || e.ready[name] != is || e.endpoints[name] != is:
		delete(e.whole, name)
	case e.whole[name].IsZero():
		e.whole[name] = now
	}
}

// accepted waits until n Deployments ask for count, and returns since when the last of them does.
func (e *fleetEye) accepted(n, count int) time.Time {
	e.f.Helper()
	var at []time.Time
	e.f.eventually("Deployments to be accepted", func() (bool, string) {
		e.mu.Lock()
		defer e.mu.Unlock()
		at = nil
		for name, asked := range e.asked {
			if asked == count {
				at = append(at, e.since[fmt.Sprint(name, " ", count)])
			}
		}
		return len(at) >= n, fmt.Sprintf("%d of %d", len(at), n)
	})
	return slices.MaxFunc(at, time.Time.Compare)
}

// complete waits until n Deployments have count ready pods and endpoints, and returns since when the last of them has.
func (e *fleetEye) complete(n, count int) time.Time {
	e.f.Helper()
	var at []time.Time
	e.f.eventually("Deployments to be complete", func() (bool, string) {
		e.mu.Lock()
		defer e.mu.Unlock()
		at = nil
		for name, since := range e.whole {
			if e.asked[name] == count {
				at = append(at, since)
			}
		}
		return len(at) >= n, fmt.Sprintf("%d of %d", len(at), n)
	})
	return slices.MaxFunc(at, time.Time.Compare)
}

// of waits until one Deployment asks for count, and returns since when.
func (e *fleetEye) of(name string, count int) time.Time {
	e.f.Helper()
	var at time.Time
	e.f.eventually(name, func() (bool, string) {
		e.mu.Lock()
		defer e.mu.Unlock()
		at = e.since[fmt.Sprint(name, " ", count)]
		delete(e.since, fmt.Sprint(name, " ", count))
		return !at.IsZero(), ""
	})
	return at
}
