package live

import (
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
)

func TestAHistoryThatWasRewrittenIsSaid(t *testing.T) {
	for _, rewritten := range []bool{true, false} {
		var out strings.Builder
		revision := git.Revision{Ref: "main", Hash: strings.Repeat("1", 40)}
		NewLines(&out, sync.App{Name: "web"}).Observe(t.Context(), sync.Event{
			App: "web", At: time.Unix(1, 0), Step: sync.StepFetch, Revision: revision,
			Snapshot: &git.Snapshot{Revision: revision, Message: "Back", Rewritten: rewritten},
		})
		if said := strings.Contains(out.String(), "web history rewritten: "); said != rewritten {
			t.Errorf("of a commit that rewrites: %t, %q", rewritten, out.String())
		}
	}
}
