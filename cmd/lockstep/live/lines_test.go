package live

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync"
)

// told is what Lines write of the events, without the time of day and the app's name.
func told(t *testing.T, events []sync.Event) []string {
	t.Helper()
	var b strings.Builder
	lines := NewLines(&b, web)
	for _, event := range events {
		lines.Observe(t.Context(), event)
	}
	said := []string{}
	for text := range strings.Lines(b.String()) {
		_, rest, found := strings.Cut(strings.TrimSuffix(text, "\n"), " web ")
		if !found {
			t.Errorf("a line without its app: %q", text)
		}
		said = append(said, rest)
	}
	return said
}

// news is what Lines write of the events that s has more than before.
func news(t *testing.T, s, before *script) []string {
	t.Helper()
	return told(t, s.events)[len(told(t, before.events)):]
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(append([]string{}, want...), got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestPlainLinesTellACommitFromItsRevisionToItsPods(t *testing.T) {
	expect(t, told(t, firstDeploy().events),
		"main@sha1:aaaaaaa Deploy the web server (Ada Lovelace)",
		"deployment.apps/web-server created",
		"service/web-service created",
		"rollout web-server 0/1",
		"endpoints web-service 0/1",
		"rollout web-server 1/1",
		"endpoints web-service 1/1",
		"Healthy: serving from 1 pod, 440 ms after it was seen",
	)
	expect(t, news(t, scaled(), firstDeploy()),
		"main@sha1:3333333 Scale the web server to three (Ada Lovelace)",
		"deployment.apps/web-server configured (replicas 1 → 3)",
		"rollout web-server 1/3",
		"endpoints web-service 1/3",
		"rollout web-server 2/3",
		"rollout web-server 3/3",
		"endpoints web-service 2/3",
		"endpoints web-service 3/3",
		"Healthy: scaled web-server 1 → 3 in 1.3 s, endpoints 3/3",
	)
}

func TestAPlainLineBeginsWithTheTimeAndTheApp(t *testing.T) {
	var b strings.Builder
	lines := NewLines(&b, web)
	lines.Observe(t.Context(), firstDeploy().events[0])
	if got, want := b.String(), "14:03:12 web main@sha1:aaaaaaa Deploy the web server (Ada Lovelace)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAPassThatFindsNothingToDoPrintsNothing(t *testing.T) {
	expect(t, news(t, scaled().idle().idle().idle(), scaled()))
}

func TestAPodThatDiesAndComesBackIsTwoLines(t *testing.T) {
	s := scaled().after(time.Hour).
		report(rollout(3, 2, 2)).report(rollout(3, 2, 2)).report(rollout(3, 2, 3)).
		after(400 * time.Millisecond).report(rollout(3, 3, 3)).idle()
	expect(t, news(t, s, scaled()),
		"Progressing: deployment.apps/web-server: 2 of 3 pods ready",
		"Healthy again after 400 ms: serving from 3 pods; web-service was below 3 endpoints for 0 ms",
	)
}

func TestDriftThatIsPutRightIsTold(t *testing.T) {
	s := scaled().after(time.Hour).
		apply(configured(deployment, "spec.replicas", "1", "3"), unchanged(service)).
		after(90 * time.Millisecond).report(rollout(3, 3, 3)).record()
	expect(t, news(t, s, scaled()),
		"deployment.apps/web-server configured (replicas 1 → 3)",
		"Healthy again after 100 ms: serving from 3 pods",
	)
}

func TestTheSameErrorAgainPrintsNothing(t *testing.T) {
	s := scaled().after(time.Minute).fail(sync.StepFetch, errRefused)
	for range 5 {
		s.after(time.Minute).fail(sync.StepFetch, errRefused)
	}
	s.fail(sync.StepFetch, fmt.Errorf("503 Service Unavailable")).after(time.Minute).idle()
	expect(t, news(t, s, scaled()),
		"Failed: FetchFailed: ls-remote https://git.example.com/team/shop.git: connection refused"+
			" → Check that the repository is there, and that it can be read from here.",
		"Failed: FetchFailed: 503 Service Unavailable"+
			" → Check that the repository is there, and that it can be read from here.",
		"Healthy again after 6 min 30 s: serving from 3 pods",
	)
}

func TestAHealthWithoutWordsIsNotALineWithoutWords(t *testing.T) {
	mute := rollout(3, 2, 2)
	mute.Message = ""
	s := scaled().after(time.Hour).report(mute).after(400 * time.Millisecond).report(rollout(3, 3, 3)).idle()
	expect(t, news(t, s, scaled()),
		"Progressing: waiting for the cluster",
		"Healthy again after 400 ms: serving from 3 pods; web-service was below 3 endpoints for 400 ms",
	)
}

func TestAnErrorAfterHealthIsToldAnew(t *testing.T) {
	once := scaled().fail(sync.StepFetch, errRefused).idle()
	if got := news(t, once.fail(sync.StepFetch, errRefused), scaled()); len(got) != 3 || got[0] != got[2] {
		t.Errorf("got %q, want the error, health, the error", got)
	}
}

func TestAGateThatFailsSaysTheProblemOnceAndWhatToDo(t *testing.T) {
	advice := " → Lower the cpu that a pod requests (now 64), or add a node that has so much free."
	want := []string{
		"main@sha1:ccccccc Ask for 64 cpus a pod (Ada Lovelace)",
		"deployment.apps/web-server configured (containers[web].resources.requests.cpu 100m → 64)",
		"rollout web-server 3/4",
		"endpoints web-service 3/4",
		"Unschedulable: deployment.apps/web-server: " + noCPU + advice,
		"Failed: Unschedulable: deployment.apps/web-server: " + noCPU + ", after 5m0s" + advice,
	}
	expect(t, news(t, stuck(), scaled()), want...)

	again := stuck().after(30*time.Second).apply(unchanged(deployment), unchanged(service)).
		report(unschedulable(4, 3)).fail(sync.StepGate, expired(unschedulable(4, 3)))
	expect(t, news(t, again, scaled()), want...)

	healed := again.after(time.Minute).report(rollout(4, 4, 4)).record()
	expect(t, news(t, healed, scaled()), append(want, "Healthy: serving from 4 pods, 6 min 31 s after the commit")...)
}

func TestARolloutOfAHundredPodsIsNotAHundredLines(t *testing.T) {
	s := scaled().commit("9", "Scale to a hundred", 0).apply(configured(deployment, "spec.replicas", "3", "100"))
	for i := 3; i <= 100; i++ {
		s.report(rollout(100, i, i))
	}
	n := 0
	for _, text := range news(t, s, scaled()) {
		if strings.HasPrefix(text, "rollout ") {
			n++
		}
	}
	if n > 12 {
		t.Errorf("%d lines for one rollout", n)
	}
}

func TestAnObjectThatIsLeftAloneIsToldOnce(t *testing.T) {
	alone := &apply.Change{ID: config, Action: apply.Skipped, Why: "lockstep.dev/reconcile: disabled"}
	pass := func(s *script) *script {
		return s.after(time.Minute).apply(alone, unchanged(service)).report(rollout(3, 3, 3)).record()
	}
	s := scaled().commit("9", "Leave the config to others", 0)
	expect(t, news(t, pass(pass(pass(s))), scaled()),
		"main@sha1:9999999 Leave the config to others (Ada Lovelace)",
		"configmap/web-config skipped (lockstep.dev/reconcile: disabled)",
		"Healthy: serving from 3 pods, 1 min after it was seen",
	)
}

func TestWhatIsPrunedIsTold(t *testing.T) {
	s := scaled().commit("9", "Drop the config", 0).apply(unchanged(deployment), unchanged(service)).report(rollout(3, 3, 3)).
		add(sync.Event{Step: sync.StepPrune, Change: &apply.Change{ID: config, Action: apply.Pruned}}).record()
	expect(t, news(t, s, scaled()),
		"main@sha1:9999999 Drop the config (Ada Lovelace)",
		"configmap/web-config pruned",
		"Healthy: serving from 3 pods, 20 ms after it was seen",
	)
}

func TestEventsOfAnotherAppAreNotOurs(t *testing.T) {
	events := scaled().events
	for i := range events {
		events[i].App = "shop"
	}
	expect(t, told(t, events))
}

func TestAnObjectThatStaysForGoodMakesNoNoiseInEveryPass(t *testing.T) {
	s := scaled()
	for range 3 {
		plan := &apply.Plan{App: web.Name, Stale: []*apply.Change{{ID: config, Action: apply.Skipped}}}
		s.after(time.Minute).add(sync.Event{Step: sync.StepPlan, Plan: plan}).
			add(sync.Event{Step: sync.StepApply, Applied: plan}).report(rollout(3, 3, 3)).record()
	}
	expect(t, news(t, s, scaled()))
}
