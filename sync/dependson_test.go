package sync_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// isLive reports whether there is a ConfigMap of that name.
func (s *fleetStage) isLive(name string) bool {
	s.Helper()
	err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: name}, &corev1.ConfigMap{})
	if client.IgnoreNotFound(err) != nil {
		s.Fatal(err)
	}
	return !apierrors.IsNotFound(err)
}

// waitsFor is a wish for until: the app waits for the other one.
func waitsFor(other sync.App) func(status.App) bool {
	return func(app status.App) bool {
		return app.State == sync.Pending && app.Reason == "DependencyNotReady" &&
			strings.HasPrefix(app.Message, fmt.Sprintf("waits for the app %q, which is ", other.Name))
	}
}

func TestAnAppWaitsForThoseThatItDependsOn(t *testing.T) {
	s := newFleetStage(t)
	db, web := patient(s.named("db")), s.named("web")
	web.DependsOn = []string{db.Name}
	s.apps = []sync.App{web, db}
	s.folder("web")
	s.hang("db")
	s.commit()
	s.run()
	s.until(db, "to hang", hangs)
	s.until(web, "to wait", waitsFor(db))
	if s.isLive("web") {
		t.Error("the app was applied before the one that it depends on was healthy")
	}

	s.serve("db")
	s.at(s.commit(), 2)
	if !s.isLive("web") {
		t.Error("the app is healthy, and its object is not there")
	}
}

func TestASyncOfAnAppThatWaitsSaysForWhatAndWaitsForNothing(t *testing.T) {
	s := newFleetStage(t)
	db, web := patient(s.named("db")), s.named("web")
	web.DependsOn = []string{db.Name}
	s.apps = []sync.App{web, db}
	s.folder("web")
	s.hang("db")
	s.commit()
	s.run()
	s.until(web, "to wait", waitsFor(db))
	done := make(chan error, 1)
	s.orders <- sync.Order{App: web.Name, Verb: sync.OrderSync, Done: func(_ context.Context, _ sync.Outcome, err error) { done <- err }}
	if err := <-done; err == nil || !strings.Contains(err.Error(), "waits for the app "+strconv.Quote(db.Name)) {
		t.Errorf("error: %v", err)
	}
}

func TestAnAppWaitsForTheSameCommitOfThoseThatItDependsOn(t *testing.T) {
	s := newFleetStage(t)
	db, web := patient(s.named("db")), s.named("web")
	web.DependsOn = []string{db.Name}
	s.apps = []sync.App{web, db}
	s.folder("web")
	s.serve("db")
	first := s.commit()
	s.run()
	s.at(first, 2)

	s.hang("db")
	s.repo.Write("apps/web/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\n")
	s.commit()
	s.until(db, "to hang", hangs)
	s.until(web, "to wait", waitsFor(db))
	if s.isLive("more") {
		t.Error("the app was applied at a commit at which the one that it depends on is not healthy")
	}

	s.serve("db")
	s.at(s.commit(), 2)
	if !s.isLive("more") {
		t.Error("the app is healthy, and its object is not there")
	}
}

func TestASuspendedAppIsLeftAsItIs(t *testing.T) {
	s := newFleetStage(t)
	held, other := s.named("a"), s.named("b")
	s.apps = []sync.App{held, other}
	s.folder("a", "b")
	first := s.commit()
	s.run()
	s.at(first, 2)

	held.Suspend = true
	s.apps = []sync.App{held, other}
	s.tell()
	s.until(held, "to be suspended", func(app status.App) bool { return app.State == sync.Suspended && app.Suspended })
	for _, name := range []string{"a", "b"} {
		s.repo.Write("apps/"+name+"/more.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more-"+name+"}\n")
	}
	second := s.commit()
	s.until(other, "to go on", healthyAt(second))
	if app, _ := s.store.App(held.Name); app.State != sync.Suspended || app.Revision.Applied.Hash != first || s.isLive("more-a") {
		t.Errorf("the suspended app is %s, its new object there: %t", describe(app), s.isLive("more-a"))
	}

	held.Suspend = false
	s.apps = []sync.App{held, other}
	s.tell()
	s.at(second, 2)
	if !s.isLive("more-a") {
		t.Error("the app is healthy, and its object is not there")
	}
}
