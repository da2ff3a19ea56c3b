package health_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

func TestTheAPIServerMayGoAwayAndComeBack(t *testing.T) {
	config, link := clustertest.Proxy(t)
	c := newClusterBy(t, config)
	c.healthy(web(t, 1))
	objects := c.apply(web(t, 1)...)
	h := c.follow(objects)
	h.eventually(t, "health", isCurrent)
	link.Cut()
	down := h.eventually(t, "the outage", func(r *health.Report) bool { return r.Status == health.Unknown })
	if down.Reason != health.Unreachable {
		t.Errorf("report of the outage is %+v", down)
	}
	scaled := c.apply(web(t, 3)...)
	waited := make(chan error, 1)
	go func() {
		_, err := c.wait(patience, scaled)
		waited <- err
	}()
	link.Restore()
	must(t, <-waited)
	h.eventually(t, "health after the outage", func(r *health.Report) bool {
		return isCurrent(r) && rows(r) == "web-server 3/3 web-service 3/3"
	})
}

func TestAForbiddenWatchIsNamedAtOnce(t *testing.T) {
	config := clustertest.Config(t)
	config.Impersonate = rest.ImpersonationConfig{UserName: stranger}
	c := newClusterBy(t, config)
	c.allow("apps", "deployments", "replicasets")
	c.allow("discovery.k8s.io", "endpointslices")
	c.allow("", "services")
	objects := c.apply(web(t, 1)...)
	_, err := c.wait(0, objects)
	want := `watch pods in namespace ` + c.namespace
	if err == nil || !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `resource "pods"`) {
		t.Fatalf("Wait returned %v, want that it may not %s", err, want)
	}
	h := c.follow(objects)
	r := h.eventually(t, "a report", func(r *health.Report) bool { return r.Status == health.Unknown })
	if r.Reason != health.Unreachable || !strings.Contains(r.Message, want) {
		t.Errorf("report is %s %s", r.Reason, r.Message)
	}
	c.allow("", "pods")
	h.eventually(t, "health once it is allowed", isCurrent)
	_, err = c.wait(patience, objects)
	must(t, err)
}

func TestTheEndOfItsContextEndsAWaitWithTheCause(t *testing.T) {
	c := newCluster(t)
	huge := c.apply(web(t, 1, change{"Deployment/*", map[string]any{"spec": map[string]any{"paused": true}}})...)
	ctx, cancel := context.WithCancelCause(t.Context())
	newer := errors.New("a newer commit")
	r, err := c.gate.Wait(ctx, health.Check{Objects: applied(t, huge...), Progress: func(r *health.Report) {
		if strings.Contains(r.Message, "paused") {
			cancel(newer)
		}
	}})
	if !errors.Is(err, newer) || r == nil || r.Status != health.InProgress {
		t.Errorf("Wait returned %+v, %v", r, err)
	}
	if _, err := c.gate.Wait(ctx, health.Check{Objects: applied(t, huge...)}); !errors.Is(err, newer) {
		t.Errorf("Wait with an ended context returned %v", err)
	}
}

func TestAClosedGateEndsItsChecks(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(web(t, 1)...)
	followed := make(chan error, 1)
	first := make(chan struct{})
	var once stdsync.Once
	go func() {
		followed <- c.gate.Follow(t.Context(), health.Check{Objects: applied(t, objects...), Progress: func(*health.Report) {
			once.Do(func() { close(first) })
		}})
	}()
	<-first
	c.gate.Close()
	if err := <-followed; !errors.Is(err, health.ErrClosed) {
		t.Errorf("Follow returned %v", err)
	}
	if _, err := c.wait(0, objects); !errors.Is(err, health.ErrClosed) {
		t.Errorf("Wait returned %v", err)
	}
	c.gate.Close()
}

func TestChecksShareOneWatchAKindAndNamespace(t *testing.T) {
	var watches stdsync.Map
	config := clustertest.Config(t)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &watchCounter{next, &watches} })
	c := newClusterBy(t, config)
	var apps [][]*unstructured.Unstructured
	for i := range 10 {
		settings := &unstructured.Unstructured{Object: map[string]any{
			"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": fmt.Sprintf("app-%d", i)},
		}} // healthy once it is there
		apps = append(apps, c.apply(append(named(t, fmt.Sprintf("app-%d", i), 2), settings)...))
	}
	var checks errgroup.Group
	for _, app := range apps {
		checks.Go(func() error {
			_, err := c.gate.Wait(t.Context(), health.Check{Objects: applied(t, app...), Timeout: patience})
			return err
		})
	}
	must(t, checks.Wait())
	kinds := 0
	watches.Range(func(path, n any) bool {
		kinds++
		if n := n.(*atomic.Int32).Load(); n != 1 {
			t.Errorf("%d watches of %s", n, path)
		}
		return true
	})
	if want := 5; kinds != want { // deployments, services, replicasets, pods, endpointslices
		t.Errorf("%d kinds are watched, want %d", kinds, want)
	}
}

// named is the example under another name and of little weight, so that many fit into a namespace.
func named(t testing.TB, app string, replicas int) []*unstructured.Unstructured {
	t.Helper()
	labels := map[string]any{"app": app}
	deployment := change{"Deployment/*", map[string]any{"metadata": map[string]any{"name": app}, "spec": map[string]any{
		"selector": map[string]any{"matchLabels": labels},
		"template": map[string]any{"metadata": map[string]any{"labels": labels}, "spec": map[string]any{"containers": []any{
			map[string]any{"name": "web", "image": "nginx:1.27", "resources": map[string]any{"requests": map[string]any{"cpu": "1m", "memory": "1Mi"}}},
		}}},
	}}}
	service := change{"Service/*", map[string]any{
		"metadata": map[string]any{"name": app}, "spec": map[string]any{"selector": labels},
	}}
	return web(t, replicas, deployment, service)
}

// watchCounter counts the watches that pass, by path.
type watchCounter struct {
	next    http.RoundTripper
	watches *stdsync.Map
}

func (w *watchCounter) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Query().Get("watch") != "" && !strings.HasSuffix(r.URL.Path, "/events") { // which only what is late costs
		n, _ := w.watches.LoadOrStore(r.URL.Path, new(atomic.Int32))
		n.(*atomic.Int32).Add(1)
	}
	return w.next.RoundTrip(r)
}

func (w *watchCounter) WrappedRoundTripper() http.RoundTripper { return w.next }

func TestAnObjectOfTheWholeClusterIsWatchedByItsName(t *testing.T) {
	c := newCluster(t)
	namespaces := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	own, err := namespaces.Get(t.Context(), c.namespace, metav1.GetOptions{})
	must(t, err)
	h := c.follow([]*unstructured.Unstructured{own})
	h.eventually(t, "health", isCurrent)
	must(t, namespaces.Delete(t.Context(), c.namespace, metav1.DeleteOptions{}))
	h.eventually(t, "the deletion", func(r *health.Report) bool {
		return r.Status == health.InProgress && strings.Contains(r.Message, "delet")
	})
}
