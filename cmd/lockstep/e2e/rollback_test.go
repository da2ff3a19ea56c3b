package e2e

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/sync/status"
)

// TestRollback commits what does not serve, twice, under requests without a pause: each is rejected with its reason, and
// the last commit that served is back.
func TestRollback(t *testing.T) {
	s := newStage(t)
	s.commit("Serve from three pods", edit{"web-deployment", "replicas: 1", "replicas: 3"})
	d := s.start("--timeout", "2m", "--on-failure", "rollback")
	good := d.healthy()
	l := s.send()
	allAnswer(d, l)

	back := d.bad(l, "a missing image", "ImagePull", edit{"web-deployment", "image: " + *image, "image: " + *missing})
	if back.Revision.Applied != good.Revision.Applied {
		t.Errorf("applied is %s, want %s", back.Revision.Applied, good.Revision.Applied)
	}
	d.bad(l, "a crash loop", "CrashLoop", edit{
		"web-deployment", "image: " + *missing, "image: " + *shell + "\n        command: [sh, -c, 'echo no settings; exit 3']",
	})

	since := d.commit("Serve from the newer version", edit{
		"web-deployment", "image: " + *shell + "\n        command: [sh, -c, 'echo no settings; exit 3']", "image: " + *next,
	})
	d.healthy()
	l.unbroken("forward again with the next commit", since)
}

// bad commits what does not serve, and waits until the commit before serves again.
func (d *daemon) bad(l *load, what, reason string, edits ...edit) status.App {
	d.t.Helper()
	l.reset()
	since := d.commit("Try "+what, edits...)
	head := d.repo.Git("rev-parse", "HEAD")[:7]
	d.await("the reason", func(app status.App) bool { return app.Reason == reason })
	d.figure(what+", reason", since, nil)
	app := d.await("the last commit that served", func(app status.App) bool {
		return app.State == "RolledBack" && strings.HasSuffix(app.Revision.Seen.String(), head)
	})
	d.figure(what+", rolled back", since, nil)
	l.unbroken(what+", rolled back", since)
	want := regexp.MustCompile(fmt.Sprintf(`^\S*%s was rejected: %s: .*; back on %s`, head, reason, app.Revision.Applied))
	if !want.MatchString(app.Message) {
		d.t.Errorf("message is %q, want %s", app.Message, want)
	}
	if len(app.Revision.Rejected) == 0 || !strings.HasSuffix(app.Revision.Rejected[0].String(), head) {
		d.t.Errorf("rejected are %v, want %s first", app.Revision.Rejected, head)
	}
	if app.Services[0].EndpointsReady != 3 {
		d.t.Errorf("services are %+v, want 3 endpoints", app.Services)
	}
	d.t.Logf("message: %s\nstatus:\n%s", app.Message, d.told("RolledBack"))
	return app
}
