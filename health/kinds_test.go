package health_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

// applyWide applies an object of the whole cluster, and deletes it when the test ends.
func (c *cluster) applyWide(fields map[string]any) *unstructured.Unstructured {
	c.t.Helper()
	o := unstructuredOf(c.t, fields)
	mapping, err := c.mapper.RESTMapping(o.GroupVersionKind().GroupKind(), o.GroupVersionKind().Version)
	must(c.t, err)
	client := c.client.Resource(mapping.Resource)
	live, err := client.Apply(c.t.Context(), o.GetName(), o, metav1.ApplyOptions{FieldManager: "test", Force: true})
	must(c.t, err)
	c.t.Cleanup(func() { _ = client.Delete(context.WithoutCancel(c.t.Context()), o.GetName(), metav1.DeleteOptions{}) })
	return live
}

// definition is a CustomResourceDefinition of a kind in a group of the test's own.
func (c *cluster) definition(kind, plural, listKind string) map[string]any {
	group := c.namespace + ".example.com"
	return map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{"name": plural + "." + group},
		"spec": map[string]any{
			"group": group, "scope": "Namespaced",
			"names": map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind), "listKind": listKind},
			"versions": []any{map[string]any{
				"name": "v1", "served": true, "storage": true, "subresources": map[string]any{"status": map[string]any{}},
				"schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
			}},
		},
	}
}

func TestARuleSaysWhenACustomObjectIsHealthy(t *testing.T) {
	c := newCluster(t)
	_, err := c.wait(patience, []*unstructured.Unstructured{c.applyWide(c.definition("Widget", "widgets", "WidgetList"))})
	must(t, err)
	group := c.namespace + ".example.com"
	client := c.client.Resource(schema.GroupVersionResource{Group: group, Version: "v1", Resource: "widgets"}).Namespace(c.namespace)
	object := unstructuredOf(t, map[string]any{"apiVersion": group + "/v1", "kind": "Widget", "metadata": map[string]any{"name": "w", "namespace": c.namespace}})
	live, err := client.Apply(t.Context(), "w", object, metav1.ApplyOptions{FieldManager: "test"})
	must(t, err)
	rules, err := health.Compile([]health.Rule{{
		APIVersion: group + "/*", Kind: "Widget", Current: "status.phase == 'Ready'", Failed: "status.phase == 'Broken'", Message: "status.message",
	}})
	must(t, err)
	check := health.Check{Objects: applied(t, live), Rules: rules, Timeout: patience}
	phases := map[string]string{"": "Building", "it is being built": "Ready"} // the next, by what is told
	check.Progress = func(r *health.Report) {
		for said, next := range phases {
			if r.Status == health.InProgress && strings.HasSuffix(r.Message, cmpOr(said, "the rule current does not hold yet")) {
				c.phase(client.Patch, next)
			}
		}
	}
	r, err := c.gate.Wait(t.Context(), check)
	must(t, err)
	if !isCurrent(r) {
		t.Errorf("report is %+v", r)
	}
	check.Progress = nil
	blamed := health.Check{Objects: applied(t, c.phase(client.Patch, "Building")), Rules: rules, Timeout: time.Second}
	_, err = c.gate.Wait(t.Context(), blamed)
	if r := failure(t, err); r.Reason != health.DeadlineExceeded || r.Problems[0].Object.Name != "w" {
		t.Errorf("report is %+v", r)
	}
	check.Objects = applied(t, c.phase(client.Patch, "Broken"))
	_, err = c.gate.Wait(t.Context(), check)
	if r := failure(t, err); r.Reason != health.Stalled || !strings.Contains(r.Message, "it is broken") {
		t.Errorf("report is %+v", r)
	}
}

func cmpOr(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

// phase has the widget's controller, which there is none of, write that phase.
func (c *cluster) phase(patch func(context.Context, string, types.PatchType, []byte, metav1.PatchOptions, ...string) (*unstructured.Unstructured, error), phase string) *unstructured.Unstructured {
	message := map[string]string{"Building": "it is being built", "Broken": "it is broken"}[phase]
	text := fmt.Sprintf(`{"status": {"phase": %q, "message": %q}}`, phase, message)
	patched, err := patch(c.t.Context(), "w", types.MergePatchType, []byte(text), metav1.PatchOptions{}, "status")
	if err != nil {
		c.t.Error(err)
	}
	return patched
}

func TestADefinitionWhoseNamesAreTakenFailsAtOnce(t *testing.T) {
	c := newCluster(t)
	_, err := c.wait(patience, []*unstructured.Unstructured{c.applyWide(c.definition("Widget", "widgets", "WidgetList"))})
	must(t, err)
	_, err = c.wait(0, []*unstructured.Unstructured{c.applyWide(c.definition("Gadget", "gadgets", "WidgetList"))})
	if r := failure(t, err); r.Reason != health.Stalled || !strings.Contains(r.Message, "ListKindConflict") || !strings.Contains(r.Message, "already in use") {
		t.Errorf("report is %s %q", r.Reason, r.Message)
	}
}

func (c *cluster) claim(class string) *unstructured.Unstructured {
	return c.apply(unstructuredOf(c.t, map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "data"},
		"spec": map[string]any{
			"storageClassName": class, "accessModes": []any{"ReadWriteOnce"},
			"resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}},
		},
	}))[0]
}

func (c *cluster) class(mode string) string {
	name := c.namespace + "-" + strings.ToLower(mode)
	c.applyWide(map[string]any{
		"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": map[string]any{"name": name},
		"provisioner": "example.com/none", "volumeBindingMode": mode,
	})
	return name
}

func TestAClaimThatWaitsForItsFirstPodIsAsAsked(t *testing.T) {
	c := newCluster(t)
	r, err := c.gate.Wait(t.Context(), health.Check{Objects: applied(t, c.claim(c.class("WaitForFirstConsumer"))), Timeout: patience})
	must(t, err)
	if !isCurrent(r) {
		t.Errorf("report is %+v", r)
	}
}

func TestAClaimThatNobodyBindsIsTold(t *testing.T) {
	c := newCluster(t)
	_, err := c.wait(time.Second, []*unstructured.Unstructured{c.claim(c.class("Immediate"))})
	if r := failure(t, err); r.Reason != health.VolumePending || !strings.Contains(r.Message, "not bound yet, of StorageClass "+c.namespace) {
		t.Errorf("report is %s %q", r.Reason, r.Message)
	}
}

func TestAJobThatFailsSaysHowItsPodEnded(t *testing.T) {
	c := newCluster(t)
	job := c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "batch/v1", "kind": "Job", "metadata": map[string]any{"name": "migrate"},
		"spec": map[string]any{"backoffLimit": 0, "template": map[string]any{
			"metadata": map[string]any{"labels": map[string]any{"app": "migrate"}},
			"spec": map[string]any{
				"restartPolicy": "Never", "nodeName": "nowhere", // so that nobody but this test ends the pod
				"containers": []any{map[string]any{"name": "migrate", "image": "migrate:1"}},
			},
		}},
	}))
	pods := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(c.namespace)
	clustertest.Eventually(t, "a pod of the Job that has ended", func(ctx context.Context) (bool, string) {
		list, err := pods.List(ctx, metav1.ListOptions{LabelSelector: "app=migrate"})
		if err != nil || len(list.Items) == 0 {
			return false, fmt.Sprint(err)
		}
		_, err = pods.Patch(ctx, list.Items[0].GetName(), types.MergePatchType, []byte(`{"status": {"phase": "Failed",
			"containerStatuses": [{"name": "migrate", "image": "migrate:1", "imageID": "", "ready": false, "restartCount": 0,
				"state": {"terminated": {"exitCode": 3, "reason": "Error"}}}]}}`), metav1.PatchOptions{}, "status")
		return err == nil, fmt.Sprint(err)
	})
	_, err := c.wait(0, job)
	r := failure(t, err)
	if r.Reason != health.JobFailed || !strings.Contains(r.Message, "BackoffLimitExceeded") || !strings.Contains(r.Message, "container migrate: exit code 3") {
		t.Errorf("report is %s %q", r.Reason, r.Message)
	}
}

func (c *cluster) autoscaler(target string) *unstructured.Unstructured {
	return unstructuredOf(c.t, map[string]any{
		"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": "web"},
		"spec": map[string]any{
			"minReplicas": 1, "maxReplicas": 3,
			"scaleTargetRef": map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "name": target},
			"metrics": []any{map[string]any{"type": "Resource", "resource": map[string]any{
				"name": "cpu", "target": map[string]any{"type": "Utilization", "averageUtilization": 80},
			}}},
		},
	})
}

func TestAnAutoscalerOfNothingIsTold(t *testing.T) {
	c := newCluster(t)
	h := c.follow(c.apply(c.autoscaler("gone")))
	r := h.eventually(t, "the missing workload", func(r *health.Report) bool { return r.Reason == health.ScaleTargetMissing })
	if !strings.Contains(r.Message, `"gone" not found`) {
		t.Errorf("message is %q", r.Message)
	}
}

func TestAnAutoscalerWithoutMetricsIsHealthyAtFirst(t *testing.T) {
	c := newCluster(t)
	h := c.healthy(append(web(t, 1), c.autoscaler("web-server")))
	wantRows(t, h.last(), "web-server 1/1 web-service 1/1")
}
