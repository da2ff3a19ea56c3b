package sync_test

import (
	"slices"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/sync"
)

// namedApart is for tests in which the whole cluster is searched for what the app owns: others have apps called web.
func namedApart() options {
	o := watchedOnly()
	o.app = func(app *sync.App) { app.Name = app.Namespace }
	return o
}

// head is the Secret that the app's inventory begins with.
func (s *stage) head() *corev1.Secret {
	s.Helper()
	var head corev1.Secret
	if err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: "lockstep." + s.name}, &head); err != nil {
		s.Fatal(err)
	}
	return &head
}

func TestAnInventoryThatIsLostOrBrokenIsRebuiltAndNothingIsPrunedByIt(t *testing.T) {
	for name, test := range map[string]struct {
		harm func(*stage)
		told string
	}{
		"lost": {func(s *stage) {
			if err := s.client.Delete(s.Context(), s.head()); err != nil {
				s.Fatal(err)
			}
		}, "the inventory was lost: rebuilt from the labels of 4 objects; nothing is pruned in this pass"},
		"broken": {func(s *stage) {
			head := s.head()
			for key := range head.Data {
				head.Data[key] = []byte("garbled")
			}
			if err := s.client.Update(s.Context(), head); err != nil {
				s.Fatal(err)
			}
		}, "the inventory could not be read: rebuilt from the labels of 4 objects; nothing is pruned in this pass"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, namedApart(), "settings.yaml", settings(4))
			s.commit()
			if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
				t.Fatal(err)
			}
			test.harm(s)
			s.loop = s.wire(s.loop.Reconciler.App, s.options) // a daemon that remembers nothing
			hash := s.commit("settings.yaml", settings(3))
			s.start()
			app := s.healthyAt(hash)
			if !strings.Contains(strings.Join(app.Warnings, "\n"), test.told) {
				t.Errorf("warnings %q", app.Warnings)
			}
			if live := s.configMaps(); len(live) != 4 {
				t.Errorf("live %v", live)
			}
			s.onRecord(4)
			app = s.healthyAt(s.commit("settings.yaml", settings(2)))
			if live := s.configMaps(); !slices.Equal(live, []string{"settings-0", "settings-1"}) {
				t.Errorf("live %v", live)
			}
			if strings.Contains(strings.Join(app.Warnings, "\n"), "rebuilt") {
				t.Errorf("warnings %q", app.Warnings)
			}
			s.onRecord(2)
		})
	}
}

func TestAnInventoryThatNobodyEverHadIsNotRebuilt(t *testing.T) {
	s := newStage(t, namedApart(), "settings.yaml", settings(2))
	hash := s.commit()
	s.start()
	if app := s.healthyAt(hash); len(app.Warnings) > 0 {
		t.Errorf("warnings %q", app.Warnings)
	}
	s.onRecord(2)
}
