package sync_test

import (
	"context"
	"fmt"
	"strings"
	stdsync "sync"
	"sync/atomic"
	"testing"

	corev1 "k8s.io/api/core/v1"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// lose deletes one pod of the app's first workload at once.
func (s *stage) lose(app status.App) {
	s.Helper()
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = s.namespace, app.Workloads[0].Pods[0].Name
	if err := s.client.Delete(s.Context(), pod); err != nil {
		s.Fatal(err)
	}
}

func TestAServiceThatLosesAPodIsToldWithHowLongItWasShort(t *testing.T) {
	s := newStage(t, options{}, web(t, 3)...)
	hash := s.commit()
	s.start()
	s.lose(s.serves(hash, 3))
	app := s.waitFor("an incident that is over", func(app status.App) bool {
		return app.State == sync.Healthy && len(app.Incidents) == 1 && !app.Incidents[0].Until.IsZero()
	})
	i := app.Incidents[0]
	if i.Service != "web-service" || i.Expected != 3 || i.Lowest != 2 || i.Reason == "" || !i.From.Before(i.Until) {
		t.Errorf("%+v", i)
	}
	if text := i.String(); !strings.HasPrefix(text, "web-service was below 3 endpoints for ") {
		t.Errorf("said %q", text)
	}
}

func TestARollingUpdateKeepsAccountOfItsPods(t *testing.T) {
	s := newStage(t, options{}, web(t, 3)...)
	first := s.commit()
	s.start()
	before := map[string]bool{}
	for _, p := range s.serves(first, 3).Workloads[0].Pods {
		before[p.Name] = true
	}
	changed := replace(t, deployment(t, 3), "nginx:1.27", "nginx:1.28")
	changed = replace(t, changed, "spec:\n  replicas", "spec:\n  strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}\n  replicas")
	app := s.serves(s.commit("web-deployment.yaml", changed), 3)
	r := app.Rollout
	if r == nil || len(r.Replaced) != 3 || r.Services[0].Lowest < 3 {
		t.Fatalf("%+v", r)
	}
	for _, p := range r.Replaced {
		if !before[p.Old] || before[p.New] {
			t.Errorf("%s is said to have come for %s", p.New, p.Old)
		}
	}
	if text := r.String(); !strings.HasPrefix(text, "endpoints never fewer than 3; 3 pods replaced in ") {
		t.Errorf("said %q", text)
	}
}

func TestAScaleIsToldAsOne(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	s.start()
	s.serves(first, 1)
	s.commit("web-deployment.yaml", deployment(t, 3))
	s.waitFor("the scale in one sentence", func(app status.App) bool {
		return app.State == sync.Healthy && strings.HasPrefix(app.Message, "scaled web-server 1 → 3 in ") &&
			strings.HasSuffix(app.Message, ", endpoints 3/3")
	})
}

func TestHealthGoesOnWhileAnAppWaitsForItsTurn(t *testing.T) {
	s := newFleetStage(t)
	one, other, shop := s.named("one"), s.named("other"), s.named("web")
	s.apps = []sync.App{one, other, shop}
	s.folder("one", "other")
	s.repo.Write("apps/web/web-deployment.yaml", deployment(t, 2))
	s.repo.Write("apps/web/web-service.yaml", example(t, "web-service.yaml"))
	hash := s.commit()
	held, release := make(chan struct{}, 2), make(chan struct{})
	var armed atomic.Bool
	s.beforePlans(func(app string) {
		if armed.Load() && app != shop.Name {
			held <- struct{}{}
			<-release
		}
	})
	let := stdsync.OnceFunc(func() { close(release) })
	s.run()
	s.Cleanup(let)
	s.at(hash, 3)

	armed.Store(true)
	for _, name := range []string{"one", "other"} {
		s.repo.Write("apps/"+name+"/settings.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: "+name+"}\ndata: {a: b}\n")
	}
	s.commit()
	<-held
	<-held // nobody else has a turn now
	s.repo.Write("apps/web/web-deployment.yaml", replace(t, deployment(t, 2), "nginx:1.27", "nginx:1.28"))
	head := s.commit()
	before := s.fetches.Load()
	clustertest.Eventually(t, "the commit to be seen", func(context.Context) (bool, string) {
		n := s.fetches.Load()
		return n > before+2, fmt.Sprint(n)
	})
	app, _ := s.store.App(shop.Name)
	s.lose(app)
	s.until(shop, "to be short of a pod, and whole again", func(app status.App) bool {
		return len(app.Incidents) == 1 && !app.Incidents[0].Until.IsZero() && app.Revision.Seen.Hash != head
	})
	let()
	s.until(shop, "to be healthy", healthyAt(head))
}
