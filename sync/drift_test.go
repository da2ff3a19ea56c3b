package sync_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	stdsync "sync"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/clustertest"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

const editor = "kubectl-edit"

// watchedOnly is for tests in which nothing but a watch can tell in time what happens in the cluster.
func watchedOnly() options { return options{interval: time.Hour} }

// setting is the live ConfigMap that [settings] names by number; nil if there is none.
func (s *stage) setting(n int) *corev1.ConfigMap {
	s.Helper()
	var live corev1.ConfigMap
	err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: fmt.Sprintf("settings-%d", n)}, &live)
	if client.IgnoreNotFound(err) != nil {
		s.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return &live
}

// edit changes a live object as somebody with kubectl would.
func (s *stage) edit(o client.Object, change string) {
	s.Helper()
	if err := s.client.Patch(s.Context(), o, client.RawPatch(types.MergePatchType, []byte(change)), client.FieldOwner(editor)); err != nil {
		s.Fatal(err)
	}
}

// restored waits until the first ConfigMap is as git has it, and a drift has been told with that text.
func (s *stage) restored(text string) {
	s.Helper()
	clustertest.Eventually(s, "the ConfigMap as git has it", func(context.Context) (bool, string) {
		live := s.setting(0)
		return live != nil && live.Data["key"] == "value" && live.Labels["lockstep.dev/app"] == "web" && live.Labels["team"] != "theirs",
			fmt.Sprint(live, describe(s.app()))
	})
	s.waitFor("the drift to be told: "+text, func(app status.App) bool { return told(app, text) })
}

// told reports whether the app's changes have a drift of that text.
func told(app status.App, text string) bool {
	return slices.ContainsFunc(app.Changes, func(c status.Change) bool { return c.Drift && strings.Contains(c.Text, text) })
}

func TestDriftIsRestoredByTheWatchAndTold(t *testing.T) {
	labelled := replace(t, settings(1), "{name: settings-0}", "{name: settings-0, labels: {team: shop}}")
	for name, test := range map[string]struct { // whoever only removes fields owns none: he has no name
		drift func(*stage)
		text  string
	}{
		"an edited field": {
			func(s *stage) { s.edit(s.setting(0), `{"data":{"key":"theirs"}}`) },
			"configured (data.key theirs → value; drift by kubectl-edit)",
		},
		"a removed field": {
			func(s *stage) { s.edit(s.setting(0), `{"data":{"key":null}}`) },
			"configured (data.key set to value; drift)",
		},
		"a removed label": {
			func(s *stage) { s.edit(s.setting(0), `{"metadata":{"labels":{"team":null}}}`) },
			"configured (metadata.labels.team set to shop; drift)",
		},
		"the owner label stripped": {
			func(s *stage) { s.edit(s.setting(0), `{"metadata":{"labels":{"lockstep.dev/app":null}}}`) },
			"configured (metadata.labels.lockstep.dev/app set to web; drift)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, watchedOnly(), "settings.yaml", labelled)
			hash := s.commit()
			s.start()
			s.healthyAt(hash)
			before := s.setting(0).UID
			test.drift(s)
			s.restored(test.text)
			s.healthyAt(hash)
			if live := s.setting(0); live.UID != before || live.Labels["team"] != "shop" {
				t.Errorf("labels %v of object %s, which was %s", live.Labels, live.UID, before)
			}
		})
	}
}

func TestADeletedObjectComesBackByTheWatchAndThatIsTold(t *testing.T) {
	s := newStage(t, watchedOnly(), "settings.yaml", settings(2))
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
	if err := s.client.Delete(t.Context(), s.setting(0)); err != nil {
		t.Fatal(err)
	}
	s.restored("created (it had been deleted)")
	s.healthyAt(hash)
}

func TestAForeignFieldStaysAndCausesNoWrite(t *testing.T) {
	s := newStage(t, watchedOnly(), "settings.yaml", settings(2))
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
	s.edit(s.setting(0), `{"data":{"other":"theirs"},"metadata":{"annotations":{"example.com/note":"theirs"}}}`)
	edited := s.setting(0).ResourceVersion
	s.edit(s.setting(1), `{"data":{"key":"theirs"}}`) // comes after it on the same watch, and so shows that it has been seen
	clustertest.Eventually(t, "the other ConfigMap as git has it", func(context.Context) (bool, string) {
		live := s.setting(1)
		return live.Data["key"] == "value", fmt.Sprint(live)
	})
	s.healthyAt(hash)
	if live := s.setting(0); live.ResourceVersion != edited || live.Data["other"] != "theirs" {
		t.Errorf("version %s, then %s with %v", edited, live.ResourceVersion, live.Data)
	}
}

// timedGate notes how long each wait may take.
type timedGate struct {
	sync.Gate
	mu       stdsync.Mutex
	timeouts []time.Duration
}

func (g *timedGate) Wait(ctx context.Context, check health.Check) (*health.Report, error) {
	g.mu.Lock()
	g.timeouts = append(g.timeouts, check.Timeout)
	g.mu.Unlock()
	return g.Gate.Wait(ctx, check)
}

func (g *timedGate) waits() []time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return slices.Clone(g.timeouts)
}

func TestDriftDuringTheGateIsRepairedAndGivesTheCommitNoMoreTime(t *testing.T) {
	big := replace(t, deployment(t, 1), "cpu: 100m", "cpu: 64")
	big = replace(t, big, "cpu: 200m", "cpu: 64")
	o := watchedOnly()
	o.timeout = 10 * time.Second
	s := newStage(t, o, "web-deployment.yaml", big, "settings.yaml", settings(1))
	gate := &timedGate{Gate: s.loop.Reconciler.Gate}
	s.loop.Reconciler.Gate = gate
	hash := s.commit()
	s.start()
	s.waitFor("the gate to wait", func(app status.App) bool { return app.State == sync.Progressing && app.Reason == "Unschedulable" })
	s.edit(s.setting(0), `{"data":{"key":"theirs"}}`)
	s.restored("configured (data.key theirs → value; drift by kubectl-edit)")
	if app := s.fails(hash); app.Reason != "Unschedulable" {
		t.Errorf("%s: %s", app.Reason, app.Message)
	}
	waits := gate.waits()
	if len(waits) < 2 || waits[0] != o.timeout {
		t.Fatalf("waits %v", waits)
	}
	for i, wait := range waits[1:] {
		if wait >= waits[i] {
			t.Errorf("the commit was given more time: %v", waits)
		}
	}
}

func TestDriftIsRepairedWhileTheRepositoryCannotBeReached(t *testing.T) {
	bare := newBare(t)
	o := watchedOnly()
	o.url = bare.Serve()
	s := newStage(t, o, "settings.yaml", settings(1))
	hash := s.commit()
	s.repo.Git("push", "-q", bare.Dir, "main")
	s.start()
	s.healthyAt(hash)
	hide(t, bare)
	unreachable := func(app status.App) bool {
		return app.State == sync.Failed && strings.Contains(app.Message, "127.0.0.1")
	}
	s.waitFor("the failure to be told", unreachable)
	s.edit(s.setting(0), `{"data":{"key":"theirs"}}`)
	s.restored("configured (data.key theirs → value; drift by kubectl-edit)")
	s.waitFor("the failure to be told still", unreachable)
	unhide(t, bare)
	s.healthyAt(hash)
}

func TestWhatMayNotBeWatchedIsRepairedAtTheInterval(t *testing.T) {
	s := newStage(t, options{}, "settings.yaml", settings(1))
	o := s.options
	o.config = s.as("blind", append([]rbacv1.PolicyRule{rule("", "configmaps", "get", "create", "patch", "delete")}, rights...))
	s.loop = s.wire(s.loop.Reconciler.App, o)
	hash := s.commit()
	s.start()
	s.healthyAt(hash)
	s.edit(s.setting(0), `{"data":{"key":"theirs"}}`)
	s.restored("configured (data.key theirs → value; drift by kubectl-edit)")
	if err := s.client.Delete(t.Context(), s.setting(0)); err != nil {
		t.Fatal(err)
	}
	s.restored("created (it had been deleted)")
	s.healthyAt(hash)
}
