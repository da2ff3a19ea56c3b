package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	stdsync "sync"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// theAutoscaler is the field manager that the replica count has when the autoscaler has set it.
const theAutoscaler = "kube-controller-manager"

// scaler is an autoscaler of the example, of at most 10 pods.
func scaler(least int) string {
	return fmt.Sprintf(`apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec:
  minReplicas: %d
  maxReplicas: 10
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web-server}
  metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
`, least)
}

// withoutReplicas is the example's Deployment without a replica count in git.
func withoutReplicas(t testing.TB) string {
	t.Helper()
	return replace(t, deployment(t, 1), "  replicas: 1\n", "")
}

// scale sets the replica count of the Deployment as the field manager does.
func (s *stage) scale(replicas int, manager string) {
	s.Helper()
	body := &autoscalingv1.Scale{Spec: autoscalingv1.ScaleSpec{Replicas: int32(replicas)}}
	body.Namespace, body.Name = s.namespace, "web-server"
	err := s.client.SubResource("scale").Update(s.Context(), s.deployment(), client.WithSubResourceBody(body), client.FieldOwner(manager))
	if err != nil {
		s.Fatal(err)
	}
}

// counts records every replica count that the Deployment has from now on. The func that is returned ends that.
func (s *stage) counts() func() []int32 {
	s.Helper()
	watch, err := s.client.Watch(s.Context(), &appsv1.DeploymentList{}, client.InNamespace(s.namespace),
		&client.ListOptions{FieldSelector: fields.OneTermEqualSelector("metadata.name", "web-server")})
	if err != nil {
		s.Fatal(err)
	}
	var seen []int32
	var running stdsync.WaitGroup
	running.Go(func() {
		for event := range watch.ResultChan() {
			if d, ok := event.Object.(*appsv1.Deployment); ok && (len(seen) == 0 || seen[len(seen)-1] != *d.Spec.Replicas) {
				seen = append(seen, *d.Spec.Replicas)
			}
		}
	})
	return func() []int32 {
		watch.Stop()
		running.Wait()
		return seen
	}
}

// ownsCount reports whether we have applied the replica count.
func (s *stage) ownsCount() bool {
	s.Helper()
	return slices.ContainsFunc(s.deployment().ManagedFields, func(entry metav1.ManagedFieldsEntry) bool {
		return entry.Manager == apply.FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply &&
			strings.Contains(entry.FieldsV1.GetRawString(), "f:replicas")
	})
}

// yields waits until the replica count is the autoscaler's.
func (s *stage) yields() {
	s.Helper()
	clustertest.Eventually(s, "the count to be left to the autoscaler", func(context.Context) (bool, string) {
		return !s.ownsCount(), describe(s.app())
	})
}

// neverBelow ends the record of counts, and checks it.
func (s *stage) neverBelow(least int32, counts []int32) {
	s.Helper()
	if len(counts) == 0 || slices.Min(counts) < least {
		s.Errorf("the count went through %v, and was never to be less than %d", counts, least)
	}
}

func TestTheCountNeverDropsWhenAnAutoscalerComes(t *testing.T) {
	for name, come := range map[string]func(*stage) string{
		"in git": func(s *stage) string { return s.commit("hpa.yaml", scaler(2)) },
		"in git, which gives up its count in the same commit": func(s *stage) string {
			return s.commit("hpa.yaml", scaler(2), "web-deployment.yaml", withoutReplicas(s))
		},
		"in the cluster alone": func(s *stage) string {
			hpa := &autoscalingv2.HorizontalPodAutoscaler{}
			hpa.Namespace, hpa.Name = s.namespace, "web"
			least := int32(2)
			hpa.Spec.MinReplicas, hpa.Spec.MaxReplicas = &least, 10
			hpa.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web-server"}
			if err := s.client.Create(s.Context(), hpa); err != nil {
				s.Fatal(err)
			}
			return s.app().Revision.Seen.Hash
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, watchedOnly(), web(t, 3)...)
			hash := s.commit()
			s.start()
			s.serves(hash, 3)
			counts := s.counts()
			hash = come(s)
			s.yields()
			s.serves(hash, 3)
			s.neverBelow(3, counts())
		})
	}
}

func TestWhatTheAutoscalerDoesIsLeftToIt(t *testing.T) {
	count := &applies{name: "web-server"}
	o := watchedOnly()
	o.wrap = count.wrap
	s := newStage(t, o, append(web(t, 3), "hpa.yaml", scaler(3))...)
	hash := s.commit()
	s.start()
	s.serves(hash, 3)
	before := count.n.Load()
	for _, replicas := range []int{10, 3} {
		s.scale(replicas, theAutoscaler)
		s.serves(hash, replicas)
	}
	s.edit(s.service(), `{"spec":{"selector":{"app":"theirs"}}}`)
	s.waitFor("drift of another object to be told", func(app status.App) bool { return told(app, "service/web-service configured") })
	s.serves(hash, 3)
	if n := count.n.Load() - before; before == 0 || n != 0 {
		t.Errorf("the Deployment was written to %d times, and %d times before", n, before)
	}
	if app := s.app(); told(app, "deployment.apps/web-server") {
		t.Errorf("told as drift: %+v", app.Changes)
	}
}

func (s *stage) service() *corev1.Service {
	s.Helper()
	var live corev1.Service
	if err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: "web-service"}, &live); err != nil {
		s.Fatal(err)
	}
	return &live
}

func TestGitsCountCountsAgainWhenTheAutoscalerGoes(t *testing.T) {
	t.Run("from git", func(t *testing.T) {
		s := newStage(t, watchedOnly(), append(web(t, 3), "hpa.yaml", scaler(3))...)
		hash := s.commit()
		s.start()
		s.serves(hash, 3)
		s.scale(5, theAutoscaler)
		s.serves(hash, 5)
		counts := s.counts()
		s.repo.Git("rm", "-q", "manifests/hpa.yaml")
		s.serves(s.commit(), 3)
		s.neverBelow(3, counts())
		if !s.ownsCount() {
			t.Error("the count is nobody's")
		}
	})
	t.Run("from the cluster", func(t *testing.T) {
		s := newStage(t, watchedOnly(), web(t, 2)...)
		hash := s.commit()
		s.start()
		s.serves(hash, 2)
		hpa := &autoscalingv2.HorizontalPodAutoscaler{}
		hpa.Namespace, hpa.Name = s.namespace, "web"
		hpa.Spec.MaxReplicas = 10
		hpa.Spec.ScaleTargetRef = autoscalingv2.CrossVersionObjectReference{APIVersion: "apps/v1", Kind: "Deployment", Name: "web-server"}
		if err := s.client.Create(t.Context(), hpa); err != nil {
			t.Fatal(err)
		}
		s.yields()
		s.scale(4, theAutoscaler)
		s.serves(hash, 4)
		if err := s.client.Delete(t.Context(), hpa); err != nil {
			t.Fatal(err)
		}
		s.serves(hash, 2)
	})
}

func TestSomebodysScaleWithoutAnAutoscalerIsDrift(t *testing.T) {
	s := newStage(t, watchedOnly(), web(t, 2)...)
	hash := s.commit()
	s.start()
	s.serves(hash, 2)
	s.scale(4, "kubectl")
	s.waitFor("the drift to be told", func(app status.App) bool {
		return told(app, "deployment.apps/web-server configured (replicas 4 → 2; drift by kubectl)")
	})
	s.serves(hash, 2)
}

func TestACountOutsideTheAutoscalersBoundsIsAWarning(t *testing.T) {
	s := newStage(t, watchedOnly(), append(web(t, 1), "hpa.yaml", scaler(2))...)
	hash := s.commit()
	s.start()
	app := s.serves(hash, 2) // the autoscaler lifts it to its bounds, with no metrics at that
	const want = "web-deployment.yaml:1: deployment.apps/web-server asks for replicas: 1, and the autoscaler web for 2 to 10"
	if !strings.Contains(strings.Join(app.Warnings, "\n"), want) {
		t.Errorf("warnings %q", app.Warnings)
	}
}
