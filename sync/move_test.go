package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const shared = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: shared}\n"

// shared returns the ConfigMap that is wanted by one app and another.
func (s *fleetStage) shared() *corev1.ConfigMap {
	s.Helper()
	found := &corev1.ConfigMap{}
	if err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: "shared"}, found); err != nil {
		s.Fatal(err)
	}
	return found
}

// owns returns the names of the objects that the app has on record.
func (s *fleetStage) owns(app sync.App) []string {
	s.Helper()
	record, err := inventory.NewStore(s.client, s.namespace).Load(s.Context(), app.Name)
	if err != nil {
		s.Fatal(err)
	}
	var names []string
	for id := range record.Entries {
		names = append(names, id.Name)
	}
	slices.Sort(names)
	return names
}

func TestAnObjectThatMovesToAnotherAppStaysTheSame(t *testing.T) {
	for _, way := range []struct{ from, to string }{{"a", "b"}, {"b", "a"}} {
		t.Run(way.from+" to "+way.to, func(t *testing.T) {
			s := newFleetStage(t)
			from, to := s.named(way.from), s.named(way.to)
			s.apps = []sync.App{from, to}
			s.folder("a", "b")
			s.repo.Write(from.Path+"/shared.yaml", shared)
			first := s.commit()
			s.run()
			s.at(first, 2)
			before := s.shared()

			s.repo.Git("mv", from.Path+"/shared.yaml", to.Path+"/shared.yaml")
			s.at(s.commit(), 2)

			after := s.shared()
			if after.UID != before.UID || after.DeletionTimestamp != nil || after.Labels["lockstep.dev/app"] != to.Name {
				t.Errorf("UID %s, was %s; labels %v, deleted %v", after.UID, before.UID, after.Labels, after.DeletionTimestamp)
			}
			if got, want := s.owns(from), []string{way.from}; !slices.Equal(got, want) {
				t.Errorf("the app that it left has %v on record, want %v", got, want)
			}
			if got, want := s.owns(to), []string{way.to, "shared"}; !slices.Equal(got, want) {
				t.Errorf("the app that it came to has %v on record, want %v", got, want)
			}
		})
	}
}

func TestTheSecondOfTwoAppsWithOneObjectIsToldWhoHasIt(t *testing.T) {
	s := newFleetStage(t)
	first, second := s.named("z"), s.named("a")
	s.apps = []sync.App{first, second}
	s.folder("a", "z")
	s.repo.Write(first.Path+"/shared.yaml", shared)
	hash := s.commit()
	s.run()
	s.at(hash, 2)
	before := s.shared()

	s.repo.Write(second.Path+"/shared.yaml", shared)
	refused := func(hash string) func(status.App) bool {
		return func(app status.App) bool { return app.State == sync.Failed && app.Revision.Seen.Hash == hash }
	}
	told := s.until(second, "to be refused", refused(s.commit()))
	if want := fmt.Sprintf("owned by the app %q", first.Name); !strings.Contains(told.Message, want) {
		t.Errorf("it is told %q, want %q", told.Message, want)
	}
	s.repo.Write(second.Path+"/other.yaml", strings.ReplaceAll(shared, "shared", "other"))
	hash = s.commit()
	s.until(second, "to be refused again", refused(hash))
	s.until(first, "to go on", healthyAt(hash))
	if after := s.shared(); after.ResourceVersion != before.ResourceVersion {
		t.Errorf("the object was written to: resourceVersion %s, was %s", after.ResourceVersion, before.ResourceVersion)
	}

	s.repo.Git("rm", "-q", first.Path+"/shared.yaml")
	hash = s.commit()
	s.at(hash, 2)
	clustertest.Eventually(t, "the object to be the second app's", func(context.Context) (bool, string) {
		after := s.shared()
		return after.UID == before.UID && after.Labels["lockstep.dev/app"] == second.Name, fmt.Sprint(after.UID, after.Labels)
	})
}
