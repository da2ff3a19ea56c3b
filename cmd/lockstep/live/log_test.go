package live

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

func TestACrashIsShownWithItsPlaceAndTheEndOfItsLog(t *testing.T) {
	crash := health.Problem{
		Reason: health.CrashLoop, Object: deployment, Message: "container web: exit code 2", Advice: "Read the container's log.",
		Log: []string{"start", "no such table: users"}, File: "shop/web.yaml", Line: 7,
	}
	app := status.App{Name: "web", Problems: []health.Problem{crash}, Reason: string(health.CrashLoop)}
	for state, want := range map[sync.State]string{
		sync.Progressing: "! CrashLoop: shop/web.yaml:7: deployment.apps/web-server: container web: exit code 2\n  | start\n  | no such table: users\n  → Read",
		sync.Failed:      "container web: exit code 2\n  | start\n  | no such table: users\n  → Read",
	} {
		app.State = state
		app.Message = "shop/web.yaml:7: deployment.apps/web-server: container web: exit code 2"
		var b strings.Builder
		c := canvas{}
		c.write(&b, append(c.problems(app), c.foot(failure(app))...))
		if !strings.Contains(b.String(), want) {
			t.Errorf("%s is drawn\n%s\nwant\n%s", state, b.String(), want)
		}
	}
}
