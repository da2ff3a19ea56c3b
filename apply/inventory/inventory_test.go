package inventory_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

func TestANewInventoryOwnsNothing(t *testing.T) {
	i := inventory.New("web")
	if !i.IsNew() || i.App != "web" || i.Entries == nil || len(i.Entries) != 0 || i.Healthy != nil {
		t.Errorf("New: %+v", i)
	}
}

func TestHistoryHasTheNewestFirstAndEnds(t *testing.T) {
	i := inventory.New("web")
	for n := range inventory.MaxHistory + 5 {
		i.Remember(inventory.Record{Revision: fmt.Sprint(n)})
	}
	if len(i.History) != inventory.MaxHistory {
		t.Fatalf("%d records", len(i.History))
	}
	for at, record := range i.History {
		if want := fmt.Sprint(inventory.MaxHistory + 4 - at); record.Revision != want {
			t.Errorf("record %d is of %s, want %s", at, record.Revision, want)
		}
	}
}

func TestALongMessageIsCutWithoutBreakingACharacter(t *testing.T) {
	i := inventory.New("web")
	i.Remember(inventory.Record{Message: "a" + strings.Repeat("é", inventory.MaxText), Reason: "short"})
	got := i.History[0]
	if len(got.Message) != inventory.MaxText-1 || !strings.HasSuffix(got.Message, "é") || got.Reason != "short" {
		t.Errorf("%d bytes, reason %q", len(got.Message), got.Reason)
	}
}
