package health_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"unicode"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"github.com/lockstep-dev/lockstep/health"
)

// FuzzStatus gives every object of a cluster the same status, whatever it is: whoever may write one may write anything.
func FuzzStatus(f *testing.F) {
	bases, err := filepath.Glob("testdata/base/*.yaml")
	must(f, err)
	for i, base := range bases {
		for _, o := range readObjects(f, base) {
			status, err := json.Marshal(o.Object["status"])
			must(f, err)
			f.Add(uint8(i), status)
		}
	}
	for _, status := range []string{
		`"x"`, `7`, `[]`, `{"conditions": "x"}`, `{"conditions": [7, null, {"type": 3, "status": []}]}`, `{"replicas": -1, "updatedReplicas": 1e300}`,
		`{"phase": {}, "containerStatuses": [{"state": {"waiting": {"reason": "\u001b[2J", "message": "a\nb"}}}]}`,
		`{"conditions": [{"type": "Ready", "status": "False", "reason": "\u001b[31m", "message": "\r\n\u0007"}], "phase": "\u0000"}`,
		`{"conditions": [{"type": "Failed", "status": "True", "reason": "\u001b[31m", "message": "\u009b2J"}], "failedIndexes": "\u001b[2J"}`,
	} {
		for i := range bases {
			f.Add(uint8(i), []byte(status))
		}
	}
	f.Fuzz(func(t *testing.T, base uint8, status []byte) {
		if !json.Valid(status) {
			t.Skip("no status of anything")
		}
		name := strings.TrimSuffix(filepath.Base(bases[int(base)%len(bases)]), ".yaml")
		state := testCase{Base: name, Add: strangers}.state(t)
		for i := range state.Targets {
			state.Targets[i].Live = withStatus(state.Targets[i].Live, status)
			state.Targets[i].Applied = withStatus(state.Targets[i].Applied, status)
		}
		for i, p := range state.Pods {
			other := *p.DeepCopy()
			other.Status = corev1.PodStatus{}
			if json.Unmarshal(status, &other.Status) == nil { // what the client cannot read it does not show
				state.Pods[i] = &other
			}
		}
		r := health.Compute(state)
		first, err := json.Marshal(r)
		must(t, err)
		if second, err := json.Marshal(health.Compute(state)); err != nil || !bytes.Equal(first, second) {
			t.Errorf("%s, and then %s, %v", first, second, err)
		}
		sound(t, r)
	})
}

// strangers are of a kind that nobody here knows, and a Job, a claim and an autoscaler, of which each base has few.
var strangers = []map[string]any{
	{"apiVersion": "example.com/v1", "kind": "Widget", "metadata": map[string]any{"name": "a", "namespace": "shop", "resourceVersion": "5"}},
	{"apiVersion": "batch/v1", "kind": "Job", "metadata": map[string]any{"name": "b", "namespace": "shop", "resourceVersion": "5", "uid": "b"}},
	{"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": map[string]any{"name": "c", "namespace": "shop", "resourceVersion": "5"}},
	{"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "metadata": map[string]any{"name": "d", "namespace": "shop", "resourceVersion": "5"}},
	{"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": map[string]any{"name": "e", "namespace": "shop", "resourceVersion": "5"}},
}

// withStatus is o with another status, its numbers as a watch decodes them.
func withStatus(o *unstructured.Unstructured, status []byte) *unstructured.Unstructured {
	if o == nil {
		return nil
	}
	other := o.DeepCopy()
	var value any
	if utiljson.Unmarshal(status, &value) == nil {
		other.Object["status"] = value
	}
	return other
}

// sound wants a report of states that there are, in words that a terminal may show, that calls no workload complete whose pods are not.
func sound(t *testing.T, r *health.Report) {
	t.Helper()
	texts := []string{r.Message}
	for _, p := range r.Problems {
		texts = append(texts, p.Message, p.Advice)
	}
	for _, p := range r.Warnings {
		texts = append(texts, p.Message)
	}
	for _, w := range r.Workloads {
		texts = append(texts, w.Message)
		for _, p := range w.Pods {
			texts = append(texts, p.Status, p.Message, p.IP)
		}
		if w.Status == health.Current && w.Kind != "Job" && w.Ready != w.Desired {
			t.Errorf("%s is Current with %d of %d pods", w.ID, w.Ready, w.Desired)
		}
	}
	for _, s := range r.Services {
		texts = append(texts, s.Message)
	}
	for _, text := range texts {
		if strings.ContainsFunc(text, unicode.IsControl) {
			t.Errorf("control characters in %q", text)
		}
	}
	switch r.Status {
	case health.Current, health.InProgress, health.Failed, health.Unknown:
	default:
		t.Errorf("status %q", r.Status)
	}
}
