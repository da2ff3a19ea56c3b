package sync_test

import (
	"context"
	"slices"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// onOpen is told which commits were left without a verdict.
type onOpen func(left []git.Revision)

func (o onOpen) Observe(_ context.Context, event sync.Event) {
	if event.Open != nil {
		o(event.Open)
	}
}

// goesOn makes a pass as another process, and returns what it was told that others have left.
func (s *stage) goesOn() (outcome sync.Outcome, left []string, err error) {
	s.Helper()
	s.anew()
	s.loop.Reconciler.Observer = both{s.store, onOpen(func(all []git.Revision) {
		for _, one := range all {
			left = append(left, one.Hash)
		}
	})}
	outcome, err = s.loop.Reconciler.Reconcile(s.Context())
	return outcome, left, err
}

func TestTheNextProcessLearnsWhichCommitHasNoVerdict(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	first := s.commit()
	end := s.start()
	s.serves(first, 1)
	overtaken := s.commit("web-deployment.yaml", huge(t, 1))
	s.waitFor("the gate to wait", func(app status.App) bool { return app.State == sync.Progressing && app.Reason == "Unschedulable" })
	end()
	if open := s.stored().Open; len(open) != 1 || open[0] != "main@sha1:"+overtaken {
		t.Fatalf("on record as without a verdict: %v", open)
	}
	s.commit("web-deployment.yaml", "kind: [")
	if _, left, err := s.goesOn(); err == nil || !slices.Equal(left, []string{overtaken}) {
		t.Errorf("a commit that cannot be read: %v, and told of %v", err, left)
	}
	newest := s.commit("web-deployment.yaml", deployment(t, 2))
	outcome, left, err := s.goesOn()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(left, []string{overtaken}) || !outcome.First || outcome.Revision.Hash != newest {
		t.Errorf("%s goes on, first %t, and is told of %v", outcome.Revision, outcome.First, left)
	}
	if record := s.stored(); len(record.Open) > 0 || record.History[0].Revision != "main@sha1:"+newest {
		t.Errorf("on record %v, %+v", record.Open, record.History[0])
	}
}

// TestAVerdictOnWhatAnotherProcessHasAppliedIsTheFirst kills a daemon after its one write, right before the record of it.
func TestAVerdictOnWhatAnotherProcessHasAppliedIsTheFirst(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.commit()
	s.pass()
	second := s.commit("web-deployment.yaml", deployment(t, 2))
	ctx, kill := context.WithCancel(t.Context())
	defer kill()
	o := s.options
	o.wrap = (&killer{kill: kill, at: 1}).wrap
	if _, err := s.wire(s.loop.Reconciler.App, o).Reconciler.Reconcile(ctx); err == nil {
		t.Fatal("it was not killed")
	}
	if outcome, _, err := s.goesOn(); err != nil || !outcome.First {
		t.Errorf("the verdict is taken for one that was known: %v", err)
	}
	if newest := s.stored().History[0]; newest.Revision != "main@sha1:"+second {
		t.Errorf("the history begins with %+v", newest)
	}
}

func TestAProcessThatFindsAllInStepWritesNothingAndKnowsTheVerdict(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.commit()
	s.pass()
	s.repo.Write("elsewhere/notes.yaml", "{}\n")
	s.repo.Commit("Change another app")
	before := s.version()
	if outcome, left, err := s.goesOn(); err != nil || outcome.First || left != nil {
		t.Errorf("first %t, told of %v: %v", outcome.First, left, err)
	}
	if after := s.version(); after != before {
		t.Errorf("the record was written: %s, and now %s", before, after)
	}
}

// version is that of the record.
func (s *stage) version() string {
	s.Helper()
	secret := &corev1.Secret{}
	if err := s.client.Get(s.Context(), client.ObjectKey{Namespace: s.namespace, Name: inventory.NameOf(s.name)}, secret); err != nil {
		s.Fatal(err)
	}
	return secret.ResourceVersion
}

// onVerdict is told what another process has found.
type onVerdict func(inventory.Record)

func (o onVerdict) Observe(_ context.Context, event sync.Event) {
	if event.Verdict != nil {
		o(*event.Verdict)
	}
}

func TestTheNextProcessLearnsWhatWasFoundNotToServe(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.loop.Reconciler.App.Timeout = time.Second
	s.commit()
	s.pass()
	failed := s.commit("web-deployment.yaml", huge(t, 1))
	if _, err := s.loop.Reconciler.Reconcile(t.Context()); err == nil {
		t.Fatal("it did not fail")
	}
	s.anew()
	var found []inventory.Record
	s.loop.Reconciler.Observer = both{s.store, onVerdict(func(r inventory.Record) { found = append(found, r) })}
	for range 2 {
		if _, err := s.loop.Reconciler.Reconcile(t.Context()); err == nil {
			t.Fatal("it did not fail again")
		}
	}
	if len(found) != 1 || found[0].Revision != "main@sha1:"+failed || found[0].State != string(sync.Failed) || found[0].Reason != "Unschedulable" {
		t.Errorf("%+v", found)
	}
}
