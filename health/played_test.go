package health_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

// ownNode is a node of one cpu that no other test's pods go to, and a change by which the example's do, each with most of it.
func (c *cluster) ownNode() (node *unstructured.Unstructured, onIt change) {
	c.t.Helper()
	room := map[string]any{"cpu": "1", "memory": "1Gi", "pods": "10"}
	node = unstructuredOf(c.t, map[string]any{
		"apiVersion": "v1", "kind": "Node", "metadata": map[string]any{"name": c.namespace, "labels": map[string]any{"of": c.namespace}},
		"spec":   map[string]any{"taints": []any{map[string]any{"key": "of", "value": c.namespace, "effect": "NoSchedule"}}},
		"status": map[string]any{"capacity": room, "allocatable": room},
	})
	nodes := c.resourceIn(node, "")
	_, err := nodes.Create(c.t.Context(), node, metav1.CreateOptions{})
	must(c.t, err)
	c.t.Cleanup(func() {
		must(c.t, nodes.Delete(context.WithoutCancel(c.t.Context()), c.namespace, metav1.DeleteOptions{}))
	})
	return node, template(c.bound(map[string]any{}))
}

// bound is the spec of a pod that goes to the test's own node and takes most of it.
func (c *cluster) bound(fields map[string]any) map[string]any {
	spec := map[string]any{
		"nodeSelector":                  map[string]any{"of": c.namespace},
		"tolerations":                   []any{map[string]any{"key": "of", "operator": "Exists", "effect": "NoSchedule"}},
		"terminationGracePeriodSeconds": 0,
		"containers": containerOf(map[string]any{
			"resources": map[string]any{"requests": map[string]any{"cpu": "800m"}, "limits": map[string]any{"cpu": "800m"}},
		}),
	}
	mergeInto(spec, fields)
	return spec
}

// change patches an object of the whole cluster.
func (c *cluster) change(o *unstructured.Unstructured, patch map[string]any, subresources ...string) error {
	text, err := json.Marshal(patch)
	must(c.t, err)
	_, err = c.resourceIn(o, o.GetNamespace()).Patch(c.t.Context(), o.GetName(), types.MergePatchType, text, metav1.PatchOptions{}, subresources...)
	return err
}

// settled waits until the last report is Current.
func (h *history) settled(t testing.TB) {
	t.Helper()
	h.eventually(t, "health", isCurrent)
}

func TestAPodThatOneOfHigherPriorityDisplacesIsMissedUntilThatGoes(t *testing.T) {
	c := newCluster(t)
	_, onIt := c.ownNode()
	h := c.follow(c.apply(web(t, 1, onIt)...))
	h.settled(t)
	c.applyWide(map[string]any{
		"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": map[string]any{"name": c.namespace}, "value": 1000000,
	})
	rival := c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "rival"}, "spec": c.bound(map[string]any{"priorityClassName": c.namespace}),
	}))[0]
	r := h.eventually(t, "the loss of the pod, and of its endpoint", func(r *health.Report) bool {
		return r.Reason == health.Unschedulable && r.Services[0].EndpointsReady == 0
	})
	if !strings.Contains(r.Message, "Insufficient cpu") || strings.Contains(r.Message, "freest") {
		t.Errorf("report is %q", r.Message)
	}
	must(t, c.resource(rival).Delete(t.Context(), "rival", deleteNow()))
	h.settled(t)
}

func TestAPodThatATaintPutsOutIsMissedUntilTheTaintGoes(t *testing.T) {
	c := newCluster(t)
	node, onIt := c.ownNode()
	h := c.follow(c.apply(web(t, 1, onIt)...))
	h.settled(t)
	taints := func(more ...any) {
		all := append([]any{map[string]any{"key": "of", "value": c.namespace, "effect": "NoSchedule"}}, more...)
		must(t, c.change(node, map[string]any{"spec": map[string]any{"taints": all}}))
	}
	taints(map[string]any{"key": "maintenance", "effect": "NoExecute"})
	h.eventually(t, "the taint to be told", func(r *health.Report) bool {
		return r.Reason == health.Unschedulable && strings.Contains(r.Message, "untolerated taint")
	})
	taints()
	h.settled(t)
}

// TestANodeThatIsNotHeardOfIsTold does what the node controller does once a node has missed its heartbeats: kwok lets none miss them.
func TestANodeThatIsNotHeardOfIsTold(t *testing.T) {
	c := newCluster(t)
	node, onIt := c.ownNode()
	h := c.follow(c.apply(web(t, 1, onIt)...))
	h.settled(t)
	pod := c.pod()
	ready := func(status string) {
		conditions, _, err := unstructured.NestedSlice(c.pod().Object, "status", "conditions")
		must(t, err)
		for _, entry := range conditions {
			if condition := entry.(map[string]any); condition["type"] == "Ready" {
				condition["status"] = status
			}
		}
		c.kubelet(pod, map[string]any{"conditions": conditions})
	}
	ready("False")
	r := h.eventually(t, "the node's loss to be told", func(r *health.Report) bool {
		return r.Reason == health.NodeRefused && r.Services[0].EndpointsReady == 0
	})
	if want := "node " + node.GetName() + " is not ready, or not heard of"; !strings.Contains(r.Message, want) || r.Problems[0].Terminal {
		t.Errorf("report is %q, want %q", r.Message, want)
	}
	ready("True")
	h.settled(t)
}

func TestAnAutoscalerThatHasHadNoMetricsForLongIsTold(t *testing.T) {
	c := newCluster(t)
	scaler := c.autoscaler("web-server")
	objects := c.apply(append(web(t, 1), scaler)...)
	h := c.follow(objects)
	h.settled(t)
	r := h.eventually(t, "the metrics that are missing", func(r *health.Report) bool {
		c.age(objects[len(objects)-1], "ScalingActive", 10*time.Minute)
		return r.Reason == health.MetricsMissing
	})
	if !strings.Contains(r.Message, "FailedGetResourceMetric: ") || r.Problems[0].Terminal {
		t.Errorf("report is %q", r.Message)
	}
}

// age sets back since when a condition of o is, where it is false.
func (c *cluster) age(o *unstructured.Unstructured, kind string, by time.Duration) {
	live, err := c.resource(o).Get(c.t.Context(), o.GetName(), metav1.GetOptions{})
	must(c.t, err)
	conditions, _, err := unstructured.NestedSlice(live.Object, "status", "conditions")
	must(c.t, err)
	for _, entry := range conditions {
		if condition := entry.(map[string]any); condition["type"] == kind && condition["status"] == "False" {
			condition["lastTransitionTime"] = time.Now().Add(-by).UTC().Format(time.RFC3339)
			must(c.t, c.change(live, map[string]any{"status": map[string]any{"conditions": conditions}}, "status"))
		}
	}
}

func TestADeploymentThatIsPausedIsCompleteUntilItsTemplateChanges(t *testing.T) {
	c := newCluster(t)
	c.healthy(web(t, 2))
	paused := change{"Deployment/*", map[string]any{"spec": map[string]any{"paused": true}}}
	h := c.follow(c.apply(web(t, 2, paused)...))
	deployment := web(t, 2)[0]
	clustertest.Eventually(t, "its controller to say that it is paused", func(ctx context.Context) (bool, string) {
		live, err := c.resource(deployment).Get(ctx, deployment.GetName(), metav1.GetOptions{})
		must(t, err)
		return strings.Contains(fmt.Sprint(live.Object["status"]), "DeploymentPaused"), fmt.Sprint(live.Object["status"])
	})
	h.settled(t)
	wantRows(t, h.last(), "web-server 2/2 web-service 2/2")
	next := template(map[string]any{"containers": containerOf(map[string]any{"image": "nginx:1.28"})})
	r := c.told(c.apply(web(t, 2, paused, next)...), health.Paused, "paused by its spec, 0 of 2 pods ready, 0 of 2 updated")
	wantRows(t, r, "web-server 0/2 web-service 2/2")
}

func TestAReplicationControllerIsHealthyOnceItsPodsAre(t *testing.T) {
	c := newCluster(t)
	service := web(t, 1)[1]
	pod := map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "web"}}, "spec": map[string]any{"containers": containerOf(nil)}}
	controller := func(spec map[string]any) *unstructured.Unstructured {
		return unstructuredOf(t, map[string]any{
			"apiVersion": "v1", "kind": "ReplicationController", "metadata": map[string]any{"name": "old"},
			"spec": map[string]any{"replicas": 2, "selector": map[string]any{"app": "web"}, "template": spec},
		})
	}
	h := c.healthy([]*unstructured.Unstructured{controller(pod), service.DeepCopy()})
	wantRows(t, h.last(), "old 2/2 web-service 2/2")
	c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "ResourceQuota", "metadata": map[string]any{"name": "small"},
		"spec": map[string]any{"hard": map[string]any{"pods": "2"}},
	}))
	third := unstructuredOf(t, map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "third"}, "spec": pod["spec"]})
	clustertest.Eventually(t, "a third pod to be refused", func(ctx context.Context) (bool, string) {
		_, err := c.resource(third).Create(ctx, third, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return apierrors.IsForbidden(err), fmt.Sprint(err)
	})
	more := controller(pod)
	must(t, unstructured.SetNestedField(more.Object, int64(3), "spec", "replicas"))
	r := c.told(c.apply(more, service.DeepCopy()), health.QuotaExceeded, "exceeded quota", "limited: pods=2")
	wantRows(t, r, "old 2/3 web-service 2/3")
}

// TestAServiceThatWouldRatherHaveTwoFamiliesIsWholeByTheOneThereIs is about a cluster of one family, as this is.
func TestAServiceThatWouldRatherHaveTwoFamiliesIsWholeByTheOneThereIs(t *testing.T) {
	c := newCluster(t)
	either := change{"Service/*", map[string]any{"spec": map[string]any{"ipFamilyPolicy": "PreferDualStack"}}}
	wantRows(t, c.healthy(web(t, 2, either)).last(), "web-server 2/2 web-service 2/2")
}
