package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/health/probe"
	"github.com/lockstep-dev/lockstep/sync"
)

func TestNoLogEntryIsWithoutWords(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	o := newLogObserver(zap.New(core))
	for _, report := range []*health.Report{
		{Status: health.InProgress, Reason: health.RolloutInProgress, Message: "deployment.apps/web: 2 of 3 pods ready"},
		{Status: health.Current},
	} {
		o.Observe(t.Context(), sync.Event{App: "web", Step: sync.StepGate, Report: report})
	}
	if logs.Len() != 2 {
		t.Errorf("%d entries, want one for each change", logs.Len())
	}
	for _, entry := range logs.All() {
		if entry.Message == "" {
			t.Errorf("an entry without words: %v", entry.ContextMap())
		}
	}
}

func TestTheLogSaysOnceHowLongAServiceWasBelowItsCount(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	o := newLogObserver(zap.New(core))
	revision := git.Revision{Ref: "main", Hash: "1111111111111111111111111111111111111111"}
	at := time.Date(2026, 3, 1, 14, 3, 12, 0, time.UTC)
	tell := func(event sync.Event) {
		event.App, event.Revision, event.At = "web", revision, at
		o.Observe(t.Context(), event)
		at = at.Add(2 * time.Second)
	}
	serves := func(ready int, status health.Status) sync.Event {
		return sync.Event{Step: sync.StepGate, Report: &health.Report{
			Status: status, Services: []health.Service{{Name: "web-service", EndpointsReady: ready, EndpointsExpected: 3}},
		}}
	}
	tell(sync.Event{Step: sync.StepFetch, Snapshot: &git.Snapshot{Revision: revision}})
	tell(sync.Event{Step: sync.StepPlan, Plan: &apply.Plan{Changes: []*apply.Change{{Action: apply.Created}}}})
	tell(sync.Event{Step: sync.StepApply, Applied: &apply.Plan{}})
	tell(serves(3, health.Current))
	tell(sync.Event{Step: sync.StepSave, Record: &sync.Outcome{}})
	tell(serves(2, health.InProgress))
	tell(serves(3, health.Current))
	tell(serves(3, health.Current))
	if n := logs.FilterMessage("web-service was below 3 endpoints for 2.0 s").Len(); n != 1 {
		t.Errorf("said %d times in %v", n, logs.All())
	}
}

func TestTheLogSaysWhatTheProbesCameTo(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	report := &health.Report{Status: health.Current, Probes: []probe.Result{{
		URL: "http://web-service:80/", Asked: 10, Answered: 10, Pods: []probe.Pod{{Name: "web-a", Answers: 10}},
	}}}
	newLogObserver(zap.New(core)).Observe(t.Context(), sync.Event{
		App: "web", Step: sync.StepSave, Record: &sync.Outcome{Moved: true, Report: report},
	})
	want := "[http://web-service:80/: 10 of 10 requests answered: web-a 10]"
	if got := logs.All(); len(got) != 1 || fmt.Sprint(got[0].ContextMap()["probes"]) != want {
		t.Errorf("got %+v, want %s", got, want)
	}
}

func TestTheLogSaysWhoSignedACommitAndThatItRewritesTheHistory(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	o := newLogObserver(zap.New(core))
	o.Observe(t.Context(), sync.Event{App: "web", Snapshot: &git.Snapshot{Message: "One"}})
	o.Observe(t.Context(), sync.Event{App: "web", Snapshot: &git.Snapshot{Message: "Two", Signer: "SSH key SHA256:x", Rewritten: true}})
	plain, special := logs.All()[0].ContextMap(), logs.All()[1].ContextMap()
	if special["signedBy"] != "SSH key SHA256:x" || special["historyRewritten"] != true {
		t.Errorf("said of it: %v", special)
	}
	if _, said := plain["signedBy"]; said || plain["historyRewritten"] != nil {
		t.Errorf("said of an ordinary one: %v", plain)
	}
}

// TestAFailureIsLoggedOnceHoweverOftenItIsTried has each attempt fail on a connection of its own.
func TestAFailureIsLoggedOnceHoweverOftenItIsTried(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	o := newLogObserver(zap.New(core))
	for port := range 3 {
		cause := fmt.Errorf("read tcp [::1]:%d->[::1]:6443: read: connection reset by peer", 40000+port)
		o.Observe(t.Context(), sync.Event{App: "web", Step: sync.StepPlan, Err: &sync.Error{Step: sync.StepPlan, App: "web", Err: cause}})
	}
	if logs.Len() != 1 || !strings.Contains(logs.All()[0].Message, ":40000->") {
		t.Errorf("%v", logs.All())
	}
}

func TestTheLogSaysWhatToDo(t *testing.T) {
	core, logs := observer.New(zapcore.InfoLevel)
	newLogObserver(zap.New(core)).Observe(t.Context(), sync.Event{
		App: "web", Step: sync.StepFetch, Err: &sync.Error{Step: sync.StepFetch, App: "web", Err: git.ErrNoCommits},
	})
	if got := logs.All()[0].ContextMap()["advice"]; got != "Make a first commit on the branch." {
		t.Errorf("advice: %v", got)
	}
}
