package live

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// crowded are the lines of a Crowd of two apps, web and db, that go through the same events; those of db come first.
func crowded(t *testing.T, s *script) []string {
	t.Helper()
	var b bytes.Buffer
	c := NewCrowd(&b)
	for _, name := range []string{"db", "web"} {
		app := web
		app.Name = name
		c.Observe(t.Context(), sync.Event{App: name, At: start, Joined: &app})
	}
	for _, event := range s.events {
		for _, name := range []string{"db", "web"} {
			event.App = name
			c.Observe(t.Context(), event)
		}
	}
	var lines []string
	for text := range strings.Lines(b.String()) {
		lines = append(lines, strings.TrimSuffix(text, "\n")[len("14:03:12 "):])
	}
	return lines
}

func TestACommitForManyAppsIsALineForEachAndOneForAll(t *testing.T) {
	expect(t, crowded(t, firstDeploy()),
		"db Healthy: serving from 1 pod, 440 ms after it was seen",
		"web Healthy: serving from 1 pod, 440 ms after it was seen",
		`shop main@sha1:aaaaaaa "Deploy the web server": 2 apps healthy, 440 ms after it was seen`,
	)
}

func TestACommitThatIsAboutOtherAppsSaysNothing(t *testing.T) {
	other := git.Snapshot{Revision: git.Revision{Ref: "main", Hash: strings.Repeat("7", 40)}}
	before := crowded(t, firstDeploy())
	after := crowded(t, firstDeploy().add(sync.Event{Step: sync.StepFetch, Revision: other.Revision, Same: &other}).idle())
	expect(t, after, before...)
}

func TestAnAppThatWaitsIsSuspendedOrLeavesSaysSo(t *testing.T) {
	var b bytes.Buffer
	c := NewCrowd(&b)
	still := web
	still.Suspend = true
	waits := `waits for the app "db", which is Failed`
	for _, event := range []sync.Event{
		{Joined: &web}, {Waits: waits}, {Waits: waits}, {Joined: &still}, {Left: true},
	} {
		event.App, event.At = web.Name, start
		c.Observe(t.Context(), event)
	}
	want := "14:03:12 web " + waits + "\n14:03:12 web Suspended: left as it is, as the config says\n" +
		"14:03:12 web is not kept in step any more\n"
	if b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
}

func TestAnOverviewHasWhatIsWrongFirstAndCountsTheRest(t *testing.T) {
	var b bytes.Buffer
	list := status.List{Apps: several(), Problems: []string{`lockstep.yaml:7: app "x": path: missing`}}
	still := web
	still.Suspend = true
	list.Apps = append(list.Apps, status.Fold(status.New(still), sync.Event{At: start, Joined: &still}))
	overview(&b, canvas{}, list, false, start.Add(time.Hour))
	golden(t, "overview.txt", b.String())
	if got := thousands(1234567); got != "1,234,567" {
		t.Errorf("got %s", got)
	}
}

func TestDriftThatIsLeftIsToldWhenItComesAndWhenItIsAnother(t *testing.T) {
	s := firstDeploy()
	before := len(crowded(t, s))
	for _, why := range []string{"drift: 2 → 1", "drift: 2 → 1", "fight: rival"} {
		s = s.add(sync.Event{Step: sync.StepApply, Change: &apply.Change{ID: deployment, Action: apply.Skipped, Drift: true, Why: why}}).report(s.outcome.Report).record()
	}
	expect(t, crowded(t, s)[before:],
		"db deployment.apps/web-server skipped (drift: 2 → 1)", "web deployment.apps/web-server skipped (drift: 2 → 1)",
		"db deployment.apps/web-server skipped (fight: rival)", "web deployment.apps/web-server skipped (fight: rival)")
}
