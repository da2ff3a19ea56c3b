package health_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/lockstep-dev/lockstep/health"
)

// evicted adds pods to the state that a node has put out one after the other: a ReplicaSet keeps them.
func evicted(s health.State, n int) health.State {
	like := s.Pods[0]
	for i := range n {
		p := like.DeepCopy()
		p.Name, p.UID = fmt.Sprintf("%s-%d", like.Name, i), ""
		p.CreationTimestamp = metav1.NewTime(s.Now.Add(time.Duration(i) * time.Second))
		p.Status = corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "The node was low on resource: memory."}
		s.Pods = append(s.Pods, p)
	}
	return s
}

func TestPodsThatHaveEndedAreFewInAReportHoweverManyThereAre(t *testing.T) {
	c := testCase{Base: "web", Now: time.Date(2026, 11, 23, 22, 43, 0, 0, time.UTC)}
	few, many := health.Compute(evicted(c.state(t), 8)), health.Compute(evicted(c.state(t), 800))
	for left, r := range map[int]*health.Report{3: few, 795: many} {
		w := r.Workloads[0]
		if len(w.Pods) != 8 || w.PodsLeftOut != left || w.Ready != 3 {
			t.Errorf("%d of %d ready, %d pods listed, %d left out, want %d", w.Ready, w.Desired, len(w.Pods), w.PodsLeftOut, left)
		}
	}
	if last := many.Workloads[0].Pods[7].Name; last != c.state(t).Pods[0].Name+"-799" {
		t.Errorf("the newest is not among them: %s", last)
	}
	a, err := json.Marshal(few)
	must(t, err)
	b, err := json.Marshal(many)
	must(t, err)
	if len(b) > len(a)+100 {
		t.Errorf("a report on 800 is of %d bytes, and one on 8 of %d", len(b), len(a))
	}
}

func TestOfAPodThatHasEndedLittleIsKept(t *testing.T) {
	c := testCase{Base: "web"}
	p := c.state(t).Pods[0].DeepCopy()
	p.Status.Phase = corev1.PodFailed
	_, err := health.Watched(p)
	must(t, err)
	if len(p.Spec.Containers) > 0 || p.Spec.NodeName == "" {
		t.Errorf("kept: %+v", p.Spec)
	}
}
