package health_test

import (
	"context"
	"errors"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client/apiutil"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

// cluster is a namespace of the local control plane and a gate on it.
type cluster struct {
	t         testing.TB
	namespace string
	client    dynamic.Interface
	mapper    meta.RESTMapper
	gate      *health.Gate
}

func newCluster(t testing.TB) *cluster {
	t.Helper()
	return newClusterBy(t, clustertest.Config(t))
}

// newClusterBy has the gate, and only the gate, go by config.
func newClusterBy(t testing.TB, config *rest.Config) *cluster {
	t.Helper()
	admin := clustertest.Config(t)
	httpClient, err := rest.HTTPClientFor(admin)
	must(t, err)
	c := &cluster{t: t, namespace: clustertest.Namespace(t)}
	c.mapper, err = apiutil.NewDynamicRESTMapper(admin, httpClient)
	must(t, err)
	c.client, err = dynamic.NewForConfigAndClient(admin, httpClient)
	must(t, err)
	c.gate, err = health.NewGate(config, c.mapper)
	must(t, err)
	t.Cleanup(func() {
		c.gate.Close()
		httpClient.CloseIdleConnections()
	})
	return c
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) resource(o *unstructured.Unstructured) dynamic.ResourceInterface {
	c.t.Helper()
	return c.resourceIn(o, c.namespace)
}

func (c *cluster) resourceIn(o *unstructured.Unstructured, namespace string) dynamic.ResourceInterface {
	c.t.Helper()
	gvk := o.GroupVersionKind()
	mapping, err := c.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	must(c.t, err)
	return c.client.Resource(mapping.Resource).Namespace(namespace)
}

// apply applies objects to the namespace, and returns them as the API server does.
func (c *cluster) apply(objects ...*unstructured.Unstructured) []*unstructured.Unstructured {
	c.t.Helper()
	var applied []*unstructured.Unstructured
	for _, o := range objects {
		o.SetNamespace(c.namespace)
		live, err := c.resource(o).Apply(c.t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "test", Force: true})
		must(c.t, err)
		applied = append(applied, live)
	}
	return applied
}

// web is the example, with that many replicas and changed by JSON merge patches.
func web(t testing.TB, replicas int, changes ...change) []*unstructured.Unstructured {
	t.Helper()
	objects := append(readObjects(t, "../examples/web/web-deployment.yaml"), readObjects(t, "../examples/web/web-service.yaml")...)
	changes = append(changes, change{"Deployment/*", map[string]any{"spec": map[string]any{"replicas": replicas}}})
	for _, c := range changes {
		objects = c.merge(t, objects)
	}
	return objects
}

// applied are objects as a check takes them.
func applied(t testing.TB, objects ...*unstructured.Unstructured) []*health.Applied {
	t.Helper()
	all := make([]*health.Applied, len(objects))
	for i, o := range objects {
		var err error
		all[i], err = health.NewApplied(o)
		must(t, err)
	}
	return all
}

// wait waits for health, and returns what was told on the way.
func (c *cluster) wait(timeout time.Duration, objects []*unstructured.Unstructured) (*history, error) {
	c.t.Helper()
	h := &history{}
	_, err := c.gate.Wait(c.t.Context(), health.Check{Objects: applied(c.t, objects...), Timeout: timeout, Progress: h.add})
	return h, err
}

// patience is for a machine that is busy with other tests; nothing waits so long.
const patience = time.Minute

// healthy applies objects and wants them healthy.
func (c *cluster) healthy(objects []*unstructured.Unstructured) *history {
	c.t.Helper()
	h, err := c.wait(patience, c.apply(objects...))
	must(c.t, err)
	return h
}

// failure wants err to be one of the gate's.
func failure(t testing.TB, err error) *health.Report {
	t.Helper()
	var failed *health.Failure
	if !errors.As(err, &failed) {
		t.Fatalf("error is %v, want a Failure", err)
	}
	return failed.Report
}

// history keeps the reports of a check.
type history struct {
	mu      stdsync.Mutex
	reports []*health.Report
}

func (h *history) add(r *health.Report) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reports = append(h.reports, r)
}

func (h *history) last() *health.Report {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.reports) == 0 {
		return &health.Report{}
	}
	return h.reports[len(h.reports)-1]
}

// lostAndFound tells whether health was reported, then its loss, then health again.
func (h *history) lostAndFound() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	turns := 0
	for _, r := range h.reports {
		if isCurrent(r) == (turns%2 == 0) {
			turns++
		}
	}
	return turns >= 3
}

// stranger is a user who may do nothing but what allow allows.
const stranger = "stranger"

// allow lets the stranger list and watch those resources in the namespace.
func (c *cluster) allow(group string, resources ...string) {
	c.t.Helper()
	name := "read-" + strings.Join(resources, "-")
	role := map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": map[string]any{"name": name},
		"rules": []any{map[string]any{"apiGroups": []any{group}, "resources": resources, "verbs": []any{"list", "watch"}}},
	}
	binding := map[string]any{
		"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": name},
		"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
		"subjects": []any{map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": stranger}},
	}
	c.apply(unstructuredOf(c.t, role), unstructuredOf(c.t, binding))
}

// follow follows objects in the background until the test ends.
func (c *cluster) follow(objects []*unstructured.Unstructured) *history {
	h := &history{}
	ctx, cancel := context.WithCancel(c.t.Context())
	done := make(chan error, 1)
	go func() { done <- c.gate.Follow(ctx, health.Check{Objects: applied(c.t, objects...), Progress: h.add}) }()
	c.t.Cleanup(func() {
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			c.t.Errorf("Follow returned %v", err)
		}
	})
	return h
}

// eventually waits for the last report to be so.
func (h *history) eventually(t testing.TB, what string, is func(*health.Report) bool) *health.Report {
	t.Helper()
	var last *health.Report
	clustertest.Eventually(t, what, func(context.Context) (bool, string) {
		last = h.last()
		return is(last), string(last.Status) + " " + last.Message
	})
	return last
}

// deleteNow leaves a pod no time to end.
func deleteNow() metav1.DeleteOptions { return metav1.DeleteOptions{GracePeriodSeconds: new(int64)} }
