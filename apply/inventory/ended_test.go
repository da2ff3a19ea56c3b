package inventory

import (
	"testing"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// TestAnOlderLockstepDoesNotOverlookWhatHasEnded checks that one that does not know of it refuses the inventory: it would run
// the Job again.
func TestAnOlderLockstepDoesNotOverlookWhatHasEnded(t *testing.T) {
	i, id := New("web"), object.ID{Group: "batch", Kind: "Job", Namespace: "default", Name: "migrate"}
	i.Entries[id] = Entry{Version: "v1", Hash: "h"}
	if got := versionOf(i); got != versionPlain {
		t.Errorf("of a Job that runs: version %d", got)
	}
	i.Entries[id] = Entry{Version: "v1", Hash: "h", Ended: object.End{Condition: object.Complete}}
	if got := versionOf(i); got != version || version <= versionState {
		t.Errorf("of a Job that has ended: version %d", got)
	}
}

func TestAnInventoryFromBeforeEndsWereKeptIsRead(t *testing.T) {
	i, err := decode("web", pack(`{"app":"web","entries":{"Job.batch/default/migrate":{"version":"v1","hash":"h","fingerprint":"f"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	for id, entry := range i.Entries {
		if entry.Ended != (object.End{}) || entry.Hash != "h" {
			t.Errorf("%s: %+v", id, entry)
		}
	}
}
