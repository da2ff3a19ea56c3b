package sync_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/sync"
)

// TestARecordThatAnotherHasWrittenIsLoadedAgain takes an app from one daemon to another and back, as when two take turns.
func TestARecordThatAnotherHasWrittenIsLoadedAgain(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(1))
	app, told := s.loop.Reconciler.App, &reasons{Observer: s.store, seen: map[string]bool{}}
	daemons := []*sync.Reconciler{s.loop.Reconciler, s.wire(app, s.options).Reconciler}
	var failed error
	turns := 0
	for ; failed == nil && turns < 10; turns++ {
		s.repo.Write("manifests/settings.yaml", settings(turns+1)) // one more object, so that the record is written
		s.commit()
		r := daemons[turns%2]
		r.Observer = told
		_, failed = r.Reconcile(t.Context())
		if failed == nil && (len(told.seen) > 0 || len(s.configMaps()) != turns+1) {
			t.Fatalf("turn %d: live %v, and told %v", turns, s.configMaps(), told.seen)
		}
	}
	if !errors.Is(failed, inventory.ErrConflict) || !strings.Contains(failed.Error(), "another daemon keeps this app") || !told.seen["AnotherDaemon"] {
		t.Errorf("after %d turns: %v, told %v", turns, failed, told.seen)
	}
	if turns < 6 {
		t.Errorf("the first daemon says so in turn %d", turns)
	}
}
