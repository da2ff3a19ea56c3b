package main

import (
	"fmt"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

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
