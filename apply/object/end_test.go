package object_test

import (
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// job is a Job with that spec and condition.
func job(spec map[string]any, condition map[string]any) map[string]any {
	return map[string]any{
		"apiVersion": "batch/v1", "kind": "Job", "spec": spec, "status": map[string]any{"conditions": []any{condition}},
	}
}

func TestTheEndOfAJobIsOfAccountWhereItIsDeletedAfterIt(t *testing.T) {
	mortal := map[string]any{"ttlSecondsAfterFinished": int64(60)}
	failed := map[string]any{"type": "Failed", "status": "True", "reason": "BackoffLimitExceeded", "message": "Job has given up"}
	long := map[string]any{"type": "Failed", "status": "True", "reason": "X", "message": strings.Repeat("é", 2000)}
	for name, test := range map[string]struct {
		content map[string]any
		want    object.End
	}{
		"complete":       {job(mortal, map[string]any{"type": "Complete", "status": "True", "message": "all"}), object.End{Condition: "Complete"}},
		"failed":         {job(mortal, failed), object.End{Condition: "Failed", Words: "BackoffLimitExceeded: Job has given up"}},
		"long words":     {job(mortal, long), object.End{Condition: "Failed", Words: "X: " + strings.Repeat("é", 510)}},
		"running":        {job(mortal, map[string]any{"type": "Complete", "status": "False"}), object.End{}},
		"one that stays": {job(map[string]any{}, failed), object.End{}},
		"another kind":   {map[string]any{"kind": "Widget", "apiVersion": "x/v1", "spec": mortal, "status": job(mortal, failed)["status"]}, object.End{}},
		"no status":      {map[string]any{"kind": "Job", "apiVersion": "batch/v1", "spec": mortal}, object.End{}},
	} {
		got := object.EndOf(test.content)
		if got != test.want {
			t.Errorf("%s: %+v, want %+v", name, got, test.want)
		}
		again := map[string]any{"apiVersion": "batch/v1", "kind": "Job", "spec": mortal, "status": got.Status()}
		if object.EndOf(again) != got {
			t.Errorf("%s: what it is told as reads %+v", name, object.EndOf(again))
		}
	}
}
