package main

import (
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/lockstep-dev/lockstep/health"
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
