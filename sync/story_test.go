package sync_test

import (
	"context"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestTheFirstCommitServesFromOnePod(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	hash := s.commit()
	s.start()
	app := s.serves(hash, 1)
	if app.Objects.Created != 2 || app.Objects.Total != 2 {
		t.Errorf("objects: %+v", app.Objects)
	}
	pod := app.Workloads[0].Pods[0]
	if pod.Name == "" || pod.IP == "" || pod.Node == "" || !pod.Ready {
		t.Errorf("the pod has no name, address or node: %+v", pod)
	}
}

func TestChangingOneNumberScalesUpAndDown(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	s.start()
	s.serves(first, 1)
	app := s.serves(s.commit("web-deployment.yaml", deployment(t, 3)), 3)
	if len(app.Changes) == 0 || app.Objects.Configured != 1 || app.Objects.Unchanged != 1 {
		t.Fatalf("objects %+v, changes %+v", app.Objects, app.Changes)
	}
	var told []string
	for _, change := range app.Changes {
		told = append(told, change.Text)
	}
	if want := "deployment.apps/web-server configured (replicas 1 → 3)"; !strings.Contains(strings.Join(told, "\n"), want) {
		t.Errorf("told %q, want %q", told, want)
	}
	for _, step := range []string{status.Committed, status.Seen, status.Applied, status.PodsReady, status.EndpointsReady, status.Healthy} {
		if app.Timeline.At(step) == nil {
			t.Errorf("%s is not in the timeline %+v", step, app.Timeline)
		}
	}
	s.serves(s.commit("web-deployment.yaml", deployment(t, 1)), 1)
}

func TestAnotherImageIsRolledOut(t *testing.T) {
	s := newStage(t, options{}, web(t, 2)...)
	s.commit()
	s.start()
	changed := replace(t, deployment(t, 2), "nginx:1.27", "nginx:1.28")
	app := s.serves(s.commit("web-deployment.yaml", changed), 2)
	for _, pod := range app.Workloads[0].Pods {
		var live corev1.Pod
		err := s.client.Get(t.Context(), client.ObjectKey{Namespace: s.namespace, Name: pod.Name}, &live)
		if pod.Ready && (err != nil || live.Spec.Containers[0].Image != "nginx:1.28") {
			t.Errorf("pod %s runs %v, %v", pod.Name, live.Spec.Containers, err)
		}
	}
}

func TestADeletedPodIsReplacedAndTheAppIsHealthyAgain(t *testing.T) {
	s := newStage(t, options{}, web(t, 3)...)
	hash := s.commit()
	s.start()
	victim := s.serves(hash, 3).Workloads[0].Pods[0].Name
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = s.namespace, victim
	if err := s.client.Delete(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	s.waitFor("another pod in its place", func(app status.App) bool {
		for _, pod := range app.Workloads[0].Pods {
			if pod.Name == victim {
				return false
			}
		}
		return app.State == sync.Healthy && app.Workloads[0].Ready == 3 && app.Services[0].EndpointsReady == 3
	})
}

func TestASelectorThatMatchesNothingIsToldWithTheLabelsThereAre(t *testing.T) {
	service := replace(t, example(t, "web-service.yaml"), "app: web", "app: wbe")
	s := newStage(t, options{}, "web-deployment.yaml", deployment(t, 1), "web-service.yaml", service)
	hash := s.commit()
	s.start()
	app := s.fails(hash)
	if app.Reason != "SelectorMatchesNothing" || !strings.Contains(app.Message, "app=wbe") || !strings.Contains(app.Message, "app=web") {
		t.Errorf("%s: %s", app.Reason, app.Message)
	}
	s.serves(s.commit("web-service.yaml", example(t, "web-service.yaml")), 1)
}

func TestAPodThatNoNodeCanHoldIsToldInKubernetesWords(t *testing.T) {
	big := replace(t, deployment(t, 1), "cpu: 100m", "cpu: 64")
	big = replace(t, big, "cpu: 200m", "cpu: 64")
	s := newStage(t, options{timeout: 3 * time.Second}, "web-deployment.yaml", big, "web-service.yaml", example(t, "web-service.yaml"))
	hash := s.commit()
	s.start()
	s.waitFor("the reason while the gate waits", func(app status.App) bool {
		return app.State == sync.Progressing && strings.Contains(app.Message, "Insufficient cpu")
	})
	app := s.fails(hash)
	if app.Reason != "Unschedulable" || !strings.Contains(app.Message, "Insufficient cpu") {
		t.Errorf("%s: %s", app.Reason, app.Message)
	}
}

func TestANewCommitEndsTheWaitForTheOneBefore(t *testing.T) {
	big := replace(t, deployment(t, 1), "cpu: 100m", "cpu: 64")
	big = replace(t, big, "cpu: 200m", "cpu: 64")
	s := newStage(t, options{timeout: time.Hour}, "web-deployment.yaml", big, "web-service.yaml", example(t, "web-service.yaml"))
	s.commit()
	s.start()
	s.waitFor("the gate to wait", func(app status.App) bool { return app.State == sync.Progressing && app.Reason == "Unschedulable" })
	s.serves(s.commit("web-deployment.yaml", deployment(t, 1)), 1)
}

func TestABrokenManifestKeepsEverythingAsItWas(t *testing.T) {
	s := newStage(t, options{}, web(t, 2)...)
	good := s.commit()
	s.start()
	s.serves(good, 2)
	before := s.deployment()
	broken := s.commit("web-deployment.yaml", deployment(t, 5)+"spec:\n", "web-service.yaml", example(t, "web-service.yaml")+"\tport: 1\n")
	app := s.fails(broken)
	for _, want := range []string{"manifests/web-deployment.yaml:", "manifests/web-service.yaml:", "kept 2 objects at " + good[:7]} {
		if !strings.Contains(app.Message, want) {
			t.Errorf("%q does not say %q", app.Message, want)
		}
	}
	if app.Revision.Applied.Hash != good || app.Reason != "ManifestInvalid" {
		t.Errorf("applied %s, reason %s", app.Revision.Applied, app.Reason)
	}
	if after := s.deployment(); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the Deployment was written to: %s, then %s", before.ResourceVersion, after.ResourceVersion)
	}
	s.serves(s.commit(web(t, 3)...), 3)
}

func (s *stage) deployment() *appsv1.Deployment {
	s.Helper()
	var live appsv1.Deployment
	if err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: "web-server"}, &live); err != nil {
		s.Fatal(err)
	}
	return &live
}

func TestAPushToARemoteScales(t *testing.T) {
	bare := newBare(t)
	s := newStage(t, options{url: bare.Serve()}, web(t, 1)...)
	push := func(hash string) string {
		s.repo.Git("push", "-q", bare.Dir, "main")
		return hash
	}
	first := push(s.commit())
	s.start()
	s.serves(first, 1)
	s.serves(push(s.commit("web-deployment.yaml", deployment(t, 3))), 3)
}

func TestAnUnreachableRemoteIsToldAndKeepsEverything(t *testing.T) {
	bare := newBare(t)
	s := newStage(t, options{url: bare.Serve()}, web(t, 1)...)
	hash := s.commit()
	s.repo.Git("push", "-q", bare.Dir, "main")
	s.start()
	s.serves(hash, 1)
	hide(t, bare)
	app := s.waitFor("the failure to be told", func(app status.App) bool { return app.State == sync.Failed && app.Revision.Seen.Hash == hash })
	if !strings.Contains(app.Message, "127.0.0.1") {
		t.Errorf("which repository? %s", app.Message)
	}
	if app.Revision.Applied.Hash != hash || s.deployment().Status.ReadyReplicas != 1 {
		t.Errorf("not kept: %s", describe(app))
	}
}

func TestAnAPIServerThatGoesAwayAndComesBackIsNoticed(t *testing.T) {
	config, link := clustertest.Proxy(t)
	s := newStage(t, options{config: config}, web(t, 1)...)
	first := s.commit()
	s.start()
	s.serves(first, 1)
	link.Cut()
	second := s.commit("web-deployment.yaml", deployment(t, 3))
	app := s.fails(second)
	if app.Revision.Applied.Hash != first {
		t.Errorf("applied %s with no API server", app.Revision.Applied)
	}
	link.Restore()
	s.serves(second, 3)
}

func TestAnObjectThatSomebodyDeletesComesBack(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	hash := s.commit()
	s.start()
	s.serves(hash, 1)
	before := s.deployment()
	if err := s.client.Delete(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	clustertest.Eventually(t, "another Deployment", func(ctx context.Context) (bool, string) {
		var live appsv1.Deployment
		err := s.client.Get(ctx, client.ObjectKeyFromObject(before), &live)
		return err == nil && live.UID != before.UID, describe(s.app())
	})
	s.serves(hash, 1)
}
