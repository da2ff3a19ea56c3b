package live

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// film is what a terminal is given after each event: lines for good, and below them, behind a bar, the block.
func film(t *testing.T, look theme, width, height int, s *script) string {
	t.Helper()
	// The last column and the last row are not drawn on.
	terminal := newTerminal(nil, look, func() (int, int) { return width, height }, web)
	var b strings.Builder
	last := ""
	for _, event := range s.events {
		terminal.Observe(t.Context(), event)
		above, block := terminal.next(event.At.Add(5 * time.Millisecond))
		if len(block) >= height {
			t.Errorf("a block of %d lines on a screen of %d", len(block), height)
		}
		text := shown(t, look, width, "", above) + shown(t, look, width, "| ", block)
		if text != "" && text != last {
			fmt.Fprintf(&b, "=== %s\n%s", event.At.Format("15:04:05.000"), text)
			last = text
		}
	}
	return b.String()
}

// shown renders lines, and fails the test when one is too wide.
func shown(t *testing.T, look theme, width int, prefix string, lines []line) string {
	t.Helper()
	var b strings.Builder
	for _, l := range lines {
		if l.width() >= width {
			t.Errorf("%d columns on a terminal of %d: %q", l.width(), width, look.render(l))
		}
		b.WriteString(strings.TrimRight(prefix+look.render(l), " ") + "\n")
	}
	return strings.ReplaceAll(b.String(), "\x1b", "\\e")
}

func TestACommitGoesLive(t *testing.T) {
	golden(t, "scaled-80.txt", film(t, theme{}, 80, 24, scaled()))
}

func TestACommitGoesLiveOnANarrowTerminal(t *testing.T) {
	golden(t, "scaled-40.txt", film(t, theme{}, 40, 24, scaled()))
}

func TestATerminalThatKnowsOnlyASCII(t *testing.T) {
	golden(t, "scaled-ascii.txt", film(t, theme{ascii: true}, 80, 24, scaled()))
}

func TestColourSaysNothingThatWordsDoNot(t *testing.T) {
	golden(t, "scaled-colour.txt", film(t, theme{colour: true}, 80, 24, scaled()))
}

// stuck is a commit that no node has room for.
func stuck() *script {
	return scaled().after(time.Minute).commit("c", "Ask for 64 cpus a pod", 20*time.Millisecond).
		apply(configured(deployment, "spec.template.spec.containers[web].resources.requests.cpu", "100m", "64"), unchanged(service)).
		after(50*time.Millisecond).report(rollout(4, 3, 3)).
		after(500*time.Millisecond).report(unschedulable(4, 3)).
		after(5*time.Minute).fail(sync.StepGate, expired(unschedulable(4, 3)))
}

// tailOf leaves out the first events, which other films show.
func tailOf(s *script, before *script, t *testing.T, width, height int) string {
	t.Helper()
	skip := film(t, theme{}, width, height, before)
	return strings.TrimPrefix(film(t, theme{}, width, height, s), skip)
}

func TestPodsThatCannotBeScheduledAreExplainedWhileTheGateWaitsAndWhenItEnds(t *testing.T) {
	golden(t, "unschedulable-80.txt", tailOf(stuck(), scaled(), t, 80, 40))
	golden(t, "unschedulable-40.txt", tailOf(stuck(), scaled(), t, 40, 24))
}

func TestWhatComesAfterTheClosingLineIsALineEach(t *testing.T) {
	s := scaled().idle().idle().
		after(time.Hour).report(rollout(3, 2, 2)).
		after(400 * time.Millisecond).report(rollout(3, 3, 3)).idle()
	golden(t, "later-80.txt", tailOf(s, scaled(), t, 80, 24))
}

func TestANewCommitLeavesTheOneItOvertakesStanding(t *testing.T) {
	s := firstDeploy().after(time.Minute).commit("3", "Scale to three", time.Second).
		apply(configured(deployment, "spec.replicas", "1", "3"), unchanged(service)).
		report(rollout(3, 1, 1)).
		after(time.Second).commit("4", "Scale to two", time.Second).
		apply(configured(deployment, "spec.replicas", "3", "2"), unchanged(service)).
		report(rollout(2, 2, 2)).record()
	golden(t, "superseded-80.txt", tailOf(s, firstDeploy(), t, 80, 24))
}

func TestACommitThatIsRefusedShowsNoPodsOfTheOneBefore(t *testing.T) {
	s := scaled().after(time.Minute).commit("b", "Break the YAML", time.Second)
	kept := git.Revision{Ref: "main", Hash: strings.Repeat("3", 40)}
	s.add(sync.Event{Step: sync.StepRead, Err: &sync.Error{
		Step: sync.StepRead, App: web.Name, Revision: s.revision, Kept: 2, At: kept,
		Err: errors.New("web-deployment.yaml:7: did not find expected key"),
	}})
	golden(t, "refused-80.txt", tailOf(s, scaled(), t, 80, 24))
}

func TestEachErrorOfACommitHasItsLine(t *testing.T) {
	s := scaled().after(time.Minute).commit("b", "Break the YAML", time.Second)
	var all manifest.Errors
	for i := range 13 {
		all = append(all, manifest.Error{File: fmt.Sprintf("manifests/web-%02d.yaml", i), Line: 7, Message: "did not find expected key"})
	}
	s.add(sync.Event{Step: sync.StepRead, Err: &sync.Error{
		Step: sync.StepRead, App: web.Name, Revision: s.revision, Err: all,
		Kept: 2, At: git.Revision{Ref: "main", Hash: strings.Repeat("3", 40)},
	}})
	golden(t, "errors-80.txt", tailOf(s, scaled(), t, 80, 24))
}

func TestAGuardThatBlocksSaysHowToAllowIt(t *testing.T) {
	s := scaled().after(time.Minute).commit("e", "Drop the namespace", time.Second).
		fail(sync.StepPlan, &apply.Blocked{Cause: "data goes with them", Objects: []object.ID{{Kind: "Namespace", Name: "shop"}}, Allow: 1})
	golden(t, "blocked-80.txt", tailOf(s, scaled(), t, 80, 24))
}

func TestABlockIsNeverTallerThanTheScreen(t *testing.T) {
	s := newScript().commit("f", "Scale to forty, and bring fifty config maps along", time.Second)
	objects := []*apply.Change{configured(deployment, "spec.replicas", "3", "40"), unchanged(service)}
	for i := range 50 {
		objects = append(objects, created(object.ID{Kind: "ConfigMap", Namespace: "default", Name: fmt.Sprintf("config-%02d", i)}))
	}
	s.apply(objects...).after(time.Second).report(rollout(40, 28, 20)).report(unschedulable(40, 28))
	golden(t, "folded.txt", lastFrame(t, s, 80, 60)+lastFrame(t, s, 80, 24)+lastFrame(t, s, 40, 16)+
		lastFrame(t, s, 60, 12)+lastFrame(t, s, 20, 5)+lastFrame(t, s, 2, 2))
}

func lastFrame(t *testing.T, s *script, width, height int) string {
	t.Helper()
	frames := strings.Split(film(t, theme{}, width, height, s), "=== ")
	return fmt.Sprintf("=== %d x %d, %s", width, height, frames[len(frames)-1])
}

func TestOfManyWorkloadsThoseThatAreWaitedForAreShown(t *testing.T) {
	report := rollout(3, 3, 3)
	for i := range 40 {
		w := rollout(3, i%4, 3).Workloads[0]
		w.Name = fmt.Sprintf("worker-%02d", i)
		w.ID.Name = w.Name
		report.Workloads = append(report.Workloads, w)
	}
	report.Status, report.Reason, report.Message = health.InProgress, health.RolloutInProgress, "workers are rolled out"
	s := newScript().commit("8", "Forty workers", 0).apply(unchanged(deployment)).report(report)
	golden(t, "workloads.txt", lastFrame(t, s, 80, 50)+lastFrame(t, s, 80, 24))
}
