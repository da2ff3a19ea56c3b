package sync

import (
	"errors"
	"testing"

	"github.com/lockstep-dev/lockstep/health"
)

func TestOnlyAGateThatGaveUpIsHealedByItsPods(t *testing.T) {
	healthy, waiting := &health.Report{Status: health.Current}, &health.Report{Status: health.InProgress}
	for _, step := range []Step{StepFetch, StepRead, StepLoad, StepPlan, StepApply, StepPrune, StepSave} {
		if heals(&Error{Step: step, Err: errors.New("refused")}, healthy) {
			t.Errorf("a failure of %s would be tried again without a pause", step)
		}
	}
	gaveUp := &Error{Step: StepGate, Err: &health.Failure{Report: waiting}}
	if !heals(gaveUp, healthy) || heals(gaveUp, waiting) || heals(nil, healthy) {
		t.Error("a gate that gave up is healed by a healthy report, and by nothing else")
	}
}
