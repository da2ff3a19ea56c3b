package health

import (
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// heard is a listener that keeps what it was told last.
type heard struct{ poked, hurried bool }

func (h *heard) poke()  { h.poked = true }
func (h *heard) hurry() { h.hurried = true }

func podOfSet(statuses ...corev1.ContainerStatus) *corev1.Pod {
	return &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", Labels: map[string]string{"app": "web"}},
		Status:     corev1.PodStatus{ContainerStatuses: statuses},
	}
}

func waits(reason string) corev1.ContainerStatus {
	return corev1.ContainerStatus{State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}
}

func endpoints(ready ...bool) *discoveryv1.EndpointSlice {
	slice := &discoveryv1.EndpointSlice{ObjectMeta: metav1.ObjectMeta{
		Name: "web-1", Namespace: "shop", Labels: map[string]string{discoveryv1.LabelServiceName: "web"},
	}}
	for _, is := range ready {
		slice.Endpoints = append(slice.Endpoints, discoveryv1.Endpoint{Conditions: discoveryv1.EndpointConditions{Ready: &is}})
	}
	return slice
}

func replicaSet(failure corev1.ConditionStatus) *appsv1.ReplicaSet {
	controls := true
	return &appsv1.ReplicaSet{
		ObjectMeta: metav1.ObjectMeta{Name: "web", Namespace: "shop", OwnerReferences: []metav1.OwnerReference{{UID: "1", Controller: &controls}}},
		Status:     appsv1.ReplicaSetStatus{Conditions: []appsv1.ReplicaSetCondition{{Type: appsv1.ReplicaSetReplicaFailure, Status: failure}}},
	}
}

func TestWhatHasBecomeWorseIsToldAsThat(t *testing.T) {
	failed := podOfSet()
	failed.Status.Phase = corev1.PodFailed
	pod, service, set := refLabel("app", "web"), refService("web"), refOwner("1")
	for name, c := range map[string]struct {
		ref         string
		before, now any
		worse       bool
	}{
		"a pod that is made":                 {pod, nil, podOfSet(waits("ContainerCreating")), false},
		"a pod whose image is not to be had": {pod, podOfSet(waits("ContainerCreating")), podOfSet(waits("ErrImagePull")), true},
		"and that is still so":               {pod, podOfSet(waits("ErrImagePull")), podOfSet(waits("ImagePullBackOff")), false},
		"a pod that was started again":       {pod, podOfSet(corev1.ContainerStatus{}), podOfSet(corev1.ContainerStatus{RestartCount: 1}), true},
		"a pod that has failed":              {pod, podOfSet(), failed, true},
		"a pod that works again":             {pod, podOfSet(waits("ErrImagePull")), podOfSet(corev1.ContainerStatus{}), false},
		"an endpoint more":                   {service, endpoints(true), endpoints(true, true), false},
		"an endpoint that is lost":           {service, endpoints(true, true), endpoints(true, false), true},
		"all endpoints lost":                 {service, endpoints(true), nil, true},
		"a set that cannot make its pods":    {set, replicaSet(corev1.ConditionFalse), replicaSet(corev1.ConditionTrue), true},
		"a set that can again":               {set, replicaSet(corev1.ConditionTrue), replicaSet(corev1.ConditionFalse), false},
	} {
		t.Run(name, func(t *testing.T) {
			s, h := newSource(sourceKey{}), &heard{}
			if c.before != nil {
				if err := s.Update(c.before); err != nil {
					t.Fatal(err)
				}
			}
			s.subscribe(c.ref, h)
			tell := s.Delete
			if c.now != nil {
				tell = s.Update
			} else {
				c.now = c.before
			}
			if err := tell(c.now); err != nil || h.hurried != c.worse || !h.poked && !h.hurried {
				t.Errorf("%v; poked %v, hurried %v, want %v", err, h.poked, h.hurried, c.worse)
			}
		})
	}
}
