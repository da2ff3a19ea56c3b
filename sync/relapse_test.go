package sync_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
)

// unplayed is the example's Deployment with pods that no node of the local cluster plays: what they are at is the test's to write.
func unplayed(t testing.TB, replicas int) string {
	t.Helper()
	return replace(t, deployment(t, replicas), "    spec:\n      containers:", "    spec:\n      schedulerName: nobody\n      containers:")
}

// kubelet writes what a kubelet would of the pod that no node plays, once there is one.
func (s *stage) kubelet(ready corev1.ConditionStatus, container corev1.ContainerStatus) {
	s.Helper()
	container.Name, container.Image, container.Ready = "web", "nginx:1.27", ready == corev1.ConditionTrue
	clustertest.Eventually(s, "the pod's status to be written", func(ctx context.Context) (bool, string) {
		for _, pod := range s.pods() {
			if pod.Spec.SchedulerName != "nobody" || pod.DeletionTimestamp != nil {
				continue
			}
			patch := client.MergeFrom(pod.DeepCopy())
			ago := metav1.NewTime(time.Now().Add(-time.Hour))
			pod.Status = corev1.PodStatus{
				Phase: corev1.PodRunning, PodIP: "10.64.99.1", PodIPs: []corev1.PodIP{{IP: "10.64.99.1"}},
				ContainerStatuses: []corev1.ContainerStatus{container},
			}
			for kind, status := range map[corev1.PodConditionType]corev1.ConditionStatus{
				corev1.PodScheduled: corev1.ConditionTrue, corev1.ContainersReady: ready, corev1.PodReady: ready,
			} {
				pod.Status.Conditions = append(pod.Status.Conditions, corev1.PodCondition{Type: kind, Status: status, LastTransitionTime: ago})
			}
			err := s.client.Status().Patch(ctx, &pod, patch)
			return err == nil, fmt.Sprint(err)
		}
		return false, "there is no such pod"
	})
}

// runs is a container that does, crashes one that has ended with an error again and again.
func runs() corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}}
}

func crashes() corev1.ContainerStatus {
	end := &corev1.ContainerStateTerminated{ExitCode: 1, Reason: "Error", StartedAt: metav1.Now(), FinishedAt: metav1.Now()}
	return corev1.ContainerStatus{
		RestartCount: 5, LastTerminationState: corev1.ContainerState{Terminated: end},
		State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 5m0s restarting failed container"}},
	}
}

func TestACommitThatCrashesRightAfterItsVerdictIsTakenBack(t *testing.T) {
	s := newStage(t, rollsBack(), "web-deployment.yaml", deployment(t, 1))
	good := s.commit()
	s.start()
	s.healthyAt(good)
	bad := s.commit("web-deployment.yaml", unplayed(t, 1))
	s.kubelet(corev1.ConditionTrue, runs())
	s.healthyAt(bad)
	s.kubelet(corev1.ConditionFalse, crashes())
	app := s.backOn(good, bad)
	if app.Reason != "CrashLoop" {
		t.Errorf("taken back for %s", app.Reason)
	}
	record := s.stored()
	if h := record.History; len(h) != 2 || h[0].State != "RolledBack" || h[0].Reason != "CrashLoop" {
		t.Errorf("history %+v", h)
	}
	if record.State("main@sha1:"+bad) != nil || len(record.Healthy) != 1 {
		t.Errorf("what crashes is kept as a state to go back to")
	}
}

func TestAFirstCommitThatCrashesRightAfterItsVerdictFails(t *testing.T) {
	s := newStage(t, rollsBack(), "web-deployment.yaml", unplayed(t, 1))
	first := s.commit()
	s.start()
	s.kubelet(corev1.ConditionTrue, runs())
	s.healthyAt(first)
	s.kubelet(corev1.ConditionFalse, crashes())
	if app := s.fails(first); app.Reason != "CrashLoop" {
		t.Errorf("fails for %s", app.Reason)
	}
	if record := s.stored(); len(record.Healthy) != 0 || record.History[0].State != "Failed" {
		t.Errorf("healthy %d, history %+v", len(record.Healthy), record.History)
	}
}
