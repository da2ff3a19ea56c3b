package health_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
)

// template is a change of the pod template of the example.
func template(spec map[string]any) change {
	return change{"Deployment/*", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": spec}}}}
}

// containerOf is the example's container, with those fields more.
func containerOf(fields map[string]any) []any {
	c := map[string]any{"name": "web", "image": "nginx:1.27"}
	mergeInto(c, fields)
	return []any{c}
}

// told follows objects until the last report has that reason and those words in its message.
func (c *cluster) told(objects []*unstructured.Unstructured, reason health.Reason, words ...string) *health.Report {
	c.t.Helper()
	h := c.follow(objects)
	return h.eventually(c.t, string(reason)+" "+strings.Join(words, ", "), func(r *health.Report) bool {
		for _, part := range words {
			if !strings.Contains(r.Message, part) {
				return false
			}
		}
		return r.Reason == reason
	})
}

// pod waits for a pod of the namespace, and returns it.
func (c *cluster) pod() *unstructured.Unstructured {
	c.t.Helper()
	pods := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(c.namespace)
	var found *unstructured.Unstructured
	clustertest.Eventually(c.t, "a pod", func(ctx context.Context) (bool, string) {
		list, err := pods.List(ctx, metav1.ListOptions{})
		if err != nil || len(list.Items) == 0 {
			return false, "none"
		}
		found = &list.Items[0]
		return found.GetDeletionTimestamp() == nil, found.GetName()
	})
	return found
}

// kubelet writes what a kubelet would: the status of a pod that kwok leaves alone.
func (c *cluster) kubelet(pod *unstructured.Unstructured, status map[string]any) {
	c.t.Helper()
	patch, err := json.Marshal(map[string]any{"status": status})
	must(c.t, err)
	_, err = c.resource(pod).Patch(c.t.Context(), pod.GetName(), types.MergePatchType, patch, metav1.PatchOptions{}, "status")
	must(c.t, err)
}

// says writes an Event about a container of a pod, as a kubelet does.
func (c *cluster) says(pod *unstructured.Unstructured, reason, message string, count int, lasted time.Duration) {
	c.t.Helper()
	now := time.Now()
	e := unstructuredOf(c.t, map[string]any{
		"apiVersion": "v1", "kind": "Event", "type": "Warning", "reason": reason, "message": message, "count": count,
		"metadata":       map[string]any{"name": pod.GetName() + "." + strings.ToLower(reason), "namespace": c.namespace},
		"firstTimestamp": now.Add(-lasted).UTC().Format(time.RFC3339), "lastTimestamp": now.UTC().Format(time.RFC3339),
		"involvedObject": map[string]any{
			"kind": "Pod", "namespace": c.namespace, "name": pod.GetName(), "uid": string(pod.GetUID()), "fieldPath": "spec.containers{web}",
		},
		"source": map[string]any{"component": "kubelet"},
	})
	_, err := c.resource(e).Create(c.t.Context(), e, metav1.CreateOptions{})
	must(c.t, err)
}

// held keeps pods off the nodes that kwok plays, so that their status is the test's to write.
func held() change {
	return template(map[string]any{"schedulerName": "nobody"})
}

// waiting is a container's state while it waits for that reason.
func waiting(reason, message string, restarts int, last map[string]any) map[string]any {
	c := map[string]any{
		"name": "web", "ready": false, "started": false, "restartCount": restarts, "image": "nginx:1.27", "imageID": "",
		"state": map[string]any{"waiting": map[string]any{"reason": reason, "message": message}},
	}
	if last != nil {
		c["lastState"] = map[string]any{"terminated": last}
	}
	return map[string]any{
		"phase": "Pending", "containerStatuses": []any{c},
		"conditions": []any{
			map[string]any{"type": "PodScheduled", "status": "True"}, map[string]any{"type": "Ready", "status": "False"},
		},
	}
}

func TestTooLittleCPUIsToldWithTheFreestNode(t *testing.T) {
	c := newCluster(t)
	huge := template(map[string]any{"containers": containerOf(map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "640"}}})})
	r := c.told(c.apply(web(t, 1, huge)...), health.Unschedulable, "Insufficient cpu: asks for 640 cpu; the freest node, ", "free")
	if advice := r.Problems[0].Advice; !strings.Contains(advice, "none has so much even when it is empty") {
		t.Errorf("advice is %q", advice)
	}
}

func TestASelectorThatNoNodeHasIsTold(t *testing.T) {
	c := newCluster(t)
	r := c.told(c.apply(web(t, 1, template(map[string]any{"nodeSelector": map[string]any{"disk": "none-such"}}))...), health.Unschedulable, "affinity/selector")
	if advice := r.Problems[0].Advice; !strings.Contains(advice, "labels of the nodes") {
		t.Errorf("advice is %q", advice)
	}
}

func TestAClaimThatIsNotThereIsTold(t *testing.T) {
	c := newCluster(t)
	claimed := template(map[string]any{"volumes": []any{map[string]any{"name": "data", "persistentVolumeClaim": map[string]any{"claimName": "data"}}}})
	objects := c.apply(web(t, 1, claimed)...)
	h := c.follow(objects)
	h.eventually(t, "the missing claim", func(r *health.Report) bool {
		return r.Reason == health.VolumePending && strings.Contains(r.Message, `persistentvolumeclaim "data" not found`)
	})
	c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "data"},
		"spec": map[string]any{
			"accessModes": []any{"ReadWriteOnce"}, "storageClassName": "none-such",
			"resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}},
		},
	}))
	r := h.eventually(t, "the claim that is not bound", func(r *health.Report) bool {
		return r.Reason == health.VolumePending && strings.Contains(r.Message, `claim data (storage class none-such) is Pending: storageclass`)
	})
	if advice := r.Problems[0].Advice; !strings.Contains(advice, "kubectl get storageclass") {
		t.Errorf("advice is %q", advice)
	}
}

func TestPodSecurityEndsTheGate(t *testing.T) {
	c := newCluster(t)
	namespaces := c.client.Resource(schema.GroupVersionResource{Version: "v1", Resource: "namespaces"})
	label := []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"restricted"}}}`)
	_, err := namespaces.Patch(t.Context(), c.namespace, types.MergePatchType, label, metav1.PatchOptions{})
	must(t, err)
	_, err = c.wait(patience, c.apply(web(t, 1)...))
	r := failure(t, err)
	if r.Reason != health.AdmissionDenied || !r.Problems[0].Terminal || !strings.Contains(r.Message, "violates PodSecurity") {
		t.Errorf("report is %+v", r)
	}
}

func TestAServiceAccountThatIsNotThereIsTold(t *testing.T) {
	c := newCluster(t)
	c.told(c.apply(web(t, 1, template(map[string]any{"serviceAccountName": "none-such"}))...), health.AdmissionDenied, `"none-such" not found`)
}

func TestAStatefulSetsQuotaIsToldFromItsEvents(t *testing.T) {
	c := newCluster(t)
	c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "ResourceQuota", "metadata": map[string]any{"name": "small"},
		"spec": map[string]any{"hard": map[string]any{"pods": "1"}},
	}))
	var objects []*unstructured.Unstructured
	for _, o := range readObjects(t, "testdata/base/statefulset.yaml") {
		if isApplied(o) {
			objects = append(objects, manifestOf(t, o))
		}
	}
	c.told(c.apply(objects...), health.QuotaExceeded, "exceeded quota: small")
}

func TestAMissingImageEndsTheGateOnceItIsCertain(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(web(t, 1, held())...)
	h := c.follow(objects)
	pod := c.pod()
	c.kubelet(pod, waiting("ErrImagePull", "manifest for nginx:1.27 not found: manifest unknown", 0, nil))
	h.eventually(t, "the first failure", func(r *health.Report) bool { return r.Reason == health.ImagePull && r.Status == health.InProgress })
	c.says(pod, "Failed", `Failed to pull image "nginx:1.27": manifest unknown`, 2, time.Second)
	_, err := c.wait(patience, objects)
	if r := failure(t, err); r.Reason != health.ImagePull || !strings.Contains(r.Message, "manifest unknown") {
		t.Errorf("report is %+v", r)
	}
}

func TestACrashLoopEndsTheGateAndItsLogIsNotShownUnread(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(web(t, 1, held())...)
	end := map[string]any{"exitCode": 2, "reason": "Error", "message": "hunter2"}
	c.kubelet(c.pod(), waiting("CrashLoopBackOff", "back-off 40s restarting failed container", 3, end))
	_, err := c.wait(patience, objects)
	r := failure(t, err)
	if r.Reason != health.CrashLoop || !strings.Contains(r.Message, "container web: exit code 2: back-off 40s") || strings.Contains(r.Message, "hunter2") {
		t.Errorf("report is %+v", r)
	}
}

func TestAMissingSecretIsToldAndCertainAfterAWhile(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(web(t, 1, held())...)
	h := c.follow(objects)
	pod := c.pod()
	c.kubelet(pod, waiting("ContainerCreating", "", 0, nil))
	c.says(pod, "FailedMount", `MountVolume.SetUp failed for volume "tls" : secret "tls" not found`, 9, time.Minute)
	r := h.eventually(t, "the missing Secret", func(r *health.Report) bool { return r.Reason == health.ConfigMissing })
	if !r.Problems[0].Terminal || !strings.Contains(r.Message, `secret "tls" not found`) {
		t.Errorf("problem is %+v", r.Problems[0])
	}
}

func TestAProbeThatFailsIsToldInItsWords(t *testing.T) {
	c := newCluster(t)
	objects := c.apply(web(t, 1, held())...)
	pod := c.pod()
	status := waiting("", "", 0, nil)
	status["phase"] = string(corev1.PodRunning)
	status["containerStatuses"].([]any)[0].(map[string]any)["state"] = map[string]any{"running": map[string]any{"startedAt": time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)}}
	c.kubelet(pod, status)
	c.says(pod, "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 3, 10*time.Second)
	r := c.told(objects, health.ProbeFailing, "container web: Readiness probe failed: HTTP probe failed with statuscode: 503")
	if r.Status != health.InProgress {
		t.Errorf("report is %s, though a probe may succeed yet", r.Status)
	}
}

func TestWhatExplainsMayBeForbidden(t *testing.T) {
	config := clustertest.Config(t)
	config.Impersonate = rest.ImpersonationConfig{UserName: stranger}
	c := newClusterBy(t, config)
	c.allow("apps", "deployments", "replicasets")
	c.allow("discovery.k8s.io", "endpointslices")
	c.allow("", "services", "pods")
	huge := template(map[string]any{
		"containers": containerOf(map[string]any{"resources": map[string]any{"requests": map[string]any{"cpu": "640"}}}),
		"volumes":    []any{map[string]any{"name": "data", "persistentVolumeClaim": map[string]any{"claimName": "data"}}},
	})
	c.apply(unstructuredOf(t, map[string]any{
		"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "data"},
		"spec": map[string]any{
			"accessModes": []any{"ReadWriteOnce"}, "storageClassName": "none-such",
			"resources": map[string]any{"requests": map[string]any{"storage": "1Gi"}},
		},
	}))
	r := c.told(c.apply(web(t, 1, huge)...), health.VolumePending)
	if r.Status != health.InProgress || strings.Contains(r.Message, "forbidden") {
		t.Errorf("report is %+v", r)
	}
	c.healthy(web(t, 1, change{"Deployment/*", map[string]any{"spec": map[string]any{"template": map[string]any{"spec": map[string]any{"volumes": []any{}}}}}}))
}
