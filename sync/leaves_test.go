package sync_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// TestAnObjectThatAFinalizerHoldsInItsDeletionIsNotHealthy deletes a ConfigMap that git has, lets the daemon see it so from its
// first pass and from a later one, and then lets it go.
func TestAnObjectThatAFinalizerHoldsInItsDeletionIsNotHealthy(t *testing.T) {
	s := newStage(t, watchedOnly(), "settings.yaml", settings(1))
	hash := s.commit()
	end := s.start()
	s.healthyAt(hash)
	held := s.setting(0)
	s.edit(held, `{"metadata":{"finalizers":["example.com/hold"]}}`)
	if err := s.client.Delete(t.Context(), held); err != nil {
		t.Fatal(err)
	}
	told := func(app status.App) bool {
		return app.State == sync.Progressing && strings.Contains(app.Message, "configmap/settings-0: marked for deletion") &&
			strings.Contains(app.Message, "example.com/hold")
	}
	s.waitFor("the finalizer to be named", told)
	end()
	s.another()
	s.waitFor("the finalizer to be named after a restart", told)
	s.edit(s.setting(0), `{"metadata":{"finalizers":null}}`)
	s.waitFor("health", func(app status.App) bool { return app.State == sync.Healthy })
	if live := s.setting(0); live == nil || live.UID == held.UID {
		t.Errorf("no other ConfigMap is in its place: %v", live)
	}
}
