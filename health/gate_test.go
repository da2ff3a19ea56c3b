package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/health"
)

func isCurrent(r *health.Report) bool { return r.Status == health.Current }

// rows is what a report counts: workloads and services.
func rows(r *health.Report) string {
	var s strings.Builder
	for _, w := range r.Workloads {
		fmt.Fprintf(&s, "%s %d/%d ", w.Name, w.Ready, w.Desired)
	}
	for _, svc := range r.Services {
		fmt.Fprintf(&s, "%s %d/%d ", svc.Name, svc.EndpointsReady, svc.EndpointsExpected)
	}
	return strings.TrimSpace(s.String())
}

func wantRows(t *testing.T, r *health.Report, want string) {
	t.Helper()
	if got := rows(r); got != want {
		text, _ := json.MarshalIndent(r, "", "  ")
		t.Errorf("report counts %q, want %q: %s", got, want, text)
	}
}

func TestAFirstDeployIsHealthyWhenItServes(t *testing.T) {
	c := newCluster(t)
	h := c.healthy(web(t, 1))
	wantRows(t, h.last(), "web-server 1/1 web-service 1/1")
	pod := h.last().Workloads[0].Pods[0]
	if !pod.Ready || pod.IP == "" || pod.Node == "" || pod.Status != "Running" {
		t.Errorf("pod is %+v, want it ready, with address and node", pod)
	}
}

func TestAScaleIsHealthyOnlyWithAllItsEndpoints(t *testing.T) {
	c := newCluster(t)
	c.healthy(web(t, 1))
	up := c.healthy(web(t, 3))
	wantRows(t, up.last(), "web-server 3/3 web-service 3/3")
	if first := up.reports[0]; first.Status == health.Current || first.Workloads[0].Desired != 3 {
		t.Errorf("the first report after the apply is %+v, of the object before it", first)
	}
	down := c.healthy(web(t, 1))
	wantRows(t, down.last(), "web-server 1/1 web-service 1/1")
}

func TestAnImageChangeIsHealthyOnItsNewPods(t *testing.T) {
	c := newCluster(t)
	before := c.healthy(web(t, 2)).last().Workloads[0].Pods
	image := change{"Deployment/*", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "web", "image": "nginx:1.28"}},
	}}}}}
	after := c.healthy(web(t, 2, image)).last()
	wantRows(t, after, "web-server 2/2 web-service 2/2")
	for _, p := range after.Workloads[0].Pods {
		if p.Status != "Terminating" && (p.Name == before[0].Name || p.Name == before[1].Name) {
			t.Errorf("pod %s is of the revision before", p.Name)
		}
	}
}

func TestAServiceThatSelectsNothingFailsAtOnceAndNamesTheNearestLabels(t *testing.T) {
	c := newCluster(t)
	typo := change{"Service/*", map[string]any{"spec": map[string]any{"selector": map[string]any{"app": "web-typo"}}}}
	_, err := c.wait(0, c.apply(web(t, 1, typo)...)) // without a timeout, only a terminal problem ends it
	r := failure(t, err)
	want := "selector app=web-typo matches no pod; nearest: app=web,environment=practice (deployment.apps/web-server)"
	if r.Reason != health.SelectorMatchesNothing || r.Problems[0].Message != want {
		t.Errorf("report is %s %q, want %q", r.Reason, r.Problems[0].Message, want)
	}
}

func TestAPodThatNoNodeHoldsIsToldWhileTheGateWaits(t *testing.T) {
	c := newCluster(t)
	huge := change{"Deployment/*", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{map[string]any{"name": "web", "image": "nginx:1.27", "resources": map[string]any{"requests": map[string]any{"cpu": "64"}}}},
	}}}}}
	ctx, cancel := context.WithCancelCause(t.Context())
	told := errors.New("told")
	_, err := c.gate.Wait(ctx, health.Check{Objects: applied(t, c.apply(web(t, 1, huge)...)...), Progress: func(r *health.Report) {
		if r.Reason == health.Unschedulable && strings.Contains(r.Message, "Insufficient cpu") {
			cancel(told)
		}
	}})
	if !errors.Is(err, told) {
		t.Fatalf("Wait returned %v, want the cause of its context", err)
	}
	_, err = c.wait(time.Second, c.apply(web(t, 1, huge)...))
	r := failure(t, err)
	if r.Reason != health.Unschedulable || !strings.Contains(r.Problems[0].Advice, "cpu that a pod requests (now 64)") {
		t.Errorf("at the deadline the report is %+v", r)
	}
	check := health.Check{Objects: applied(t, c.apply(web(t, 1, huge)...)...), Timeout: time.Second, Allowed: 5 * time.Minute}
	_, err = c.gate.Wait(t.Context(), check) // the rest of a wait that was interrupted
	if r := failure(t, err); !strings.HasSuffix(r.Message, ", after 5m0s") {
		t.Errorf("after all of its time the report says %q", r.Message)
	}
}

func TestADeletedPodIsSeenAndSoIsTheNewOne(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(web(t, 2)...)
	h := c.follow(objects)
	pods := h.eventually(t, "health", isCurrent).Workloads[0].Pods
	pod := unstructuredOf(t, map[string]any{"apiVersion": "v1", "kind": "Pod"})
	must(t, c.resource(pod).Delete(t.Context(), pods[0].Name, deleteNow()))
	h.eventually(t, "health with a new pod", func(r *health.Report) bool {
		return isCurrent(r) && r.Workloads[0].Pods[0].Name+r.Workloads[0].Pods[1].Name != pods[0].Name+pods[1].Name
	})
	if !h.lostAndFound() {
		t.Error("the loss of the pod was not reported between the two")
	}
}

// WrappedRoundTripper lets the gate find the connections that it closes.
func TestAQuotaIsToldInItsOwnWords(t *testing.T) {
	c := newCluster(t)
	c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "ResourceQuota", "metadata": map[string]any{"name": "small"},
		"spec": map[string]any{"hard": map[string]any{"pods": "1"}},
	}))
	objects := c.apply(web(t, 3)...)
	h := c.follow(objects)
	r := h.eventually(t, "the quota", func(r *health.Report) bool { return r.Reason == health.QuotaExceeded })
	if !strings.Contains(r.Message, "exceeded quota: small") {
		t.Errorf("message is %q", r.Message)
	}
}

func TestWorkloadsOfAllKindsBecomeHealthy(t *testing.T) {
	for _, base := range []string{"statefulset", "daemonset", "job"} {
		t.Run(base, func(t *testing.T) {
			c := newCluster(t)
			var objects []*unstructured.Unstructured
			for _, o := range readObjects(t, "testdata/base/"+base+".yaml") {
				if isApplied(o) {
					objects = append(objects, manifestOf(t, o))
				}
			}
			h := c.healthy(objects)
			for _, w := range h.last().Workloads {
				if w.Ready == 0 || w.Ready != w.Desired || w.Updated != w.Desired {
					t.Errorf("%s is %+v", w.ID, w)
				}
			}
			for _, o := range objects {
				if o.GetKind() == "StatefulSet" || o.GetKind() == "DaemonSet" {
					must(t, unstructured.SetNestedField(o.Object, map[string]any{"revision": "2"}, "spec", "template", "metadata", "annotations"))
				}
			}
			c.healthy(objects)
		})
	}
}

// manifestOf is o without what the API server has added to it and does not take back.
func manifestOf(t *testing.T, o *unstructured.Unstructured) *unstructured.Unstructured {
	t.Helper()
	delete(o.Object, "status")
	o.Object["metadata"] = map[string]any{"name": o.GetName()}
	fields, _ := o.Object["spec"].(map[string]any)
	if _, job := fields["completionMode"]; job {
		delete(fields, "selector")
		unstructured.RemoveNestedField(fields, "template", "metadata", "labels")
	}
	if fields["clusterIP"] != "None" {
		delete(fields, "clusterIP")
		delete(fields, "clusterIPs")
	}
	return o
}

func TestTheDeadlineIsTheReasonOnlyWhereNothingElseIs(t *testing.T) {
	c := newCluster(t)
	slow := change{"Deployment/*", map[string]any{"spec": map[string]any{"minReadySeconds": 600, "progressDeadlineSeconds": 900}}}
	_, err := c.wait(500*time.Millisecond, c.apply(web(t, 1, slow)...))
	r := failure(t, err)
	if r.Reason != health.DeadlineExceeded || !strings.Contains(err.Error(), "web-server") || len(r.Problems) != 1 {
		t.Errorf("error is %v, problems are %+v", err, r.Problems)
	}
}
