package sync_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func settings(n int) string {
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings-%d}\ndata: {key: value}\n", i)
	}
	return all.String()
}

// configMaps are the names of the app's ConfigMaps.
func (s *stage) configMaps() []string {
	s.Helper()
	var list corev1.ConfigMapList
	if err := s.client.List(s.Context(), &list, client.InNamespace(s.namespace), client.MatchingLabels{"lockstep.dev/app": s.name}); err != nil {
		s.Fatal(err)
	}
	names := []string{}
	for _, item := range list.Items {
		names = append(names, item.Name)
	}
	return names
}

func (s *stage) healthyAt(hash string) status.App {
	s.Helper()
	return s.waitFor(hash[:7]+" to be healthy", func(app status.App) bool {
		return app.State == sync.Healthy && app.Revision.Healthy.Hash == hash
	})
}

func TestWhatLeavesTheRepositoryLeavesTheCluster(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(4))
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
	app := s.healthyAt(s.commit("settings.yaml", settings(3)))
	if app.Objects.Pruned != 1 || len(s.configMaps()) != 3 {
		t.Errorf("objects %+v, live %v", app.Objects, s.configMaps())
	}
	s.onRecord(3)
}

func TestACommitThatWouldDeleteMostObjectsIsBlocked(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(6))
	good := s.commit()
	s.start()
	s.healthyAt(good)
	s.commit("settings.yaml", settings(1))
	app := s.waitFor("the guard", func(app status.App) bool { return app.State == sync.Blocked })
	if !strings.Contains(app.Message, "5 of 6 objects") || !strings.Contains(app.Message, "kept 6 objects at "+good[:7]) {
		t.Errorf("message %q", app.Message)
	}
	if live := s.configMaps(); len(live) != 6 {
		t.Errorf("live %v", live)
	}
	s.healthyAt(s.commit("settings.yaml", settings(6)))
}

func TestAPathThatIsGoneDeletesNothing(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(2))
	good := s.commit()
	s.start()
	s.healthyAt(good)
	s.repo.Git("mv", "manifests", "elsewhere")
	s.repo.Commit("Move")
	app := s.waitFor("the guard", func(app status.App) bool { return app.State == sync.Blocked })
	if !strings.Contains(app.Message, "not found") || !strings.Contains(app.Message, "kept 2 objects") || len(s.configMaps()) != 2 {
		t.Errorf("message %q, live %v", app.Message, s.configMaps())
	}
	s.repo.Git("mv", "elsewhere", "manifests")
	s.healthyAt(s.repo.Commit("Move back"))
}

func TestABranchThatIsGoneDeletesNothing(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(2))
	s.healthyAfterStart()
	s.repo.Git("branch", "-m", "main", "trunk")
	s.waitFor("the missing branch", func(app status.App) bool {
		return app.State == sync.Failed && strings.Contains(app.Message, `"main" not found`) && strings.Contains(app.Message, "trunk")
	})
	if live := s.configMaps(); len(live) != 2 {
		t.Errorf("live %v", live)
	}
	s.repo.Git("branch", "-m", "trunk", "main")
	s.healthyAt(s.commit("settings.yaml", settings(3)))
}

// TestAServerWhoseRepositoryIsEmptyDeletesNothing, as one is that was set up anew, or that has lost its disk.
func TestAServerWhoseRepositoryIsEmptyDeletesNothing(t *testing.T) {
	bare := newBare(t)
	s := newStage(t, options{url: bare.Serve()}, "settings.yaml", settings(2))
	push := func(hash string) string {
		s.repo.Git("push", "-q", bare.Dir, "main")
		return hash
	}
	hash := push(s.commit())
	s.start()
	s.healthyAt(hash)
	bare.Git("update-ref", "-d", "refs/heads/main")
	s.waitFor("the empty repository", func(app status.App) bool {
		return app.State == sync.Failed && app.Reason == "NoCommits" && strings.Contains(app.Message, "kept 2 objects at "+hash[:7])
	})
	if live := s.configMaps(); len(live) != 2 {
		t.Errorf("live %v", live)
	}
	s.onRecord(2)
	s.healthyAt(push(s.commit("settings.yaml", settings(3))))
}

func (s *stage) healthyAfterStart() {
	s.Helper()
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
}

// onRecord checks that the inventory has n objects, and one healthy commit for each that was committed.
func (s *stage) onRecord(n int) {
	s.Helper()
	record, err := inventory.NewStore(s.client, s.namespace).Load(s.Context(), s.name)
	if err != nil {
		s.Fatal(err)
	}
	if len(record.Entries) != n || len(record.History) == 0 || record.History[0].State != string(sync.Healthy) {
		s.Errorf("on record: %d objects, history %+v", len(record.Entries), record.History)
	}
}

func TestAnotherDaemonGoesOnWhereOneEnded(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.commit()
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.repo.Git("rm", "-q", "manifests/web-service.yaml")
	s.commit()
	outcome, err := s.wire(s.loop.Reconciler.App, s.options).Reconciler.Reconcile(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(outcome.Plan.Stale) != 1 || outcome.Plan.Stale[0].ID.Name != "web-service" {
		t.Errorf("the second daemon does not know what the first has made: %v", outcome.Plan.Stale)
	}
	if generation := s.deployment().Generation; generation != 1 {
		t.Errorf("what had not changed was written again: generation %d", generation)
	}
}

func TestAnAppOfTheSameNameIsNotTakenForThisOne(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(2))
	s.commit()
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	s.repo.Write("other/own.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: own}\n")
	s.commit()
	other := s.loop.Reconciler.App
	other.Path = "other"
	_, err := s.wire(other, s.options).Reconciler.Reconcile(t.Context())
	failed, ok := errors.AsType[*sync.Error](err)
	if !ok || failed.State() != sync.Blocked || !strings.Contains(err.Error(), `kept from path "manifests"`) {
		t.Fatalf("error: %v", err)
	}
	if live := s.configMaps(); len(live) != 2 {
		t.Errorf("live %v", live)
	}
	other.Adopt = true
	if _, err := s.wire(other, s.options).Reconciler.Reconcile(t.Context()); err != nil {
		t.Fatal(err)
	}
	if live := s.configMaps(); len(live) != 1 || live[0] != "own" {
		t.Errorf("adopted, live %v", live)
	}
}

func TestAnAppThatWasKilledBeforeItsFirstObjectIsNotTakenForAnother(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(2))
	s.commit()
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	o := s.options
	o.wrap = (&killer{kill: kill, at: 3}).wrap // two rehearsals and the record come first
	if _, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(ctx); err == nil {
		t.Fatal("the pass came to its end")
	}
	other := s.loop.Reconciler.App
	other.Path = "."
	if _, err := s.wire(other, s.options).Reconciler.Reconcile(t.Context()); !errors.Is(err, sync.ErrNameTaken) {
		t.Errorf("error: %v", err)
	}
}
