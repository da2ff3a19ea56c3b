package sync_test

import (
	"slices"
	"testing"

	"github.com/lockstep-dev/lockstep/sync"
)

func TestATraceHasEveryStepOfItsPass(t *testing.T) {
	s := newStage(t, options{}, web(t, 1)...)
	s.commit()
	var traces []sync.Trace
	s.loop.Reconciler.Traced = func(trace sync.Trace) { traces = append(traces, trace) }
	for range 2 {
		if _, err := s.loop.Reconciler.Reconcile(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(traces) != 2 {
		t.Fatalf("%d traces of two passes", len(traces))
	}
	var steps []sync.Step
	for _, span := range traces[0].Steps {
		steps = append(steps, span.Step)
		if span.Ended.Before(span.Began) || span.Began.Before(traces[0].Began) || span.Ended.After(traces[0].Ended) {
			t.Errorf("%s from %s to %s, in a pass from %s to %s", span.Step, span.Began, span.Ended, traces[0].Began, traces[0].Ended)
		}
	}
	want := []sync.Step{
		sync.StepFetch, sync.StepRead, sync.StepLoad, sync.StepPlan, sync.StepSave, sync.StepApply, sync.StepGate, sync.StepPrune, sync.StepSave,
	}
	if !slices.Equal(steps, want) || traces[0].State != sync.Healthy || traces[0].Revision.IsZero() || traces[0].Looked() {
		t.Errorf("the first pass: %v, %+v", steps, traces[0])
	}
	if !traces[1].Looked() {
		t.Errorf("a pass that found the app in step: %+v", traces[1])
	}
}
