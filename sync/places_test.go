package sync

import (
	"errors"
	"testing"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
)

func TestAProblemIsToldWithTheFileAndLineOfItsObject(t *testing.T) {
	web := object.ID{Group: "apps", Kind: "Deployment", Namespace: "shop", Name: "web"}
	all := placesOf(&apply.Plan{Changes: []*apply.Change{
		{ID: web, File: "shop/web.yaml", Line: 7},
		{ID: object.ID{Kind: "Service", Name: "web"}},
	}})
	r := &health.Report{
		Problems: []health.Problem{{Reason: health.ImagePull, Object: web}, {Reason: health.DeadlineExceeded}},
		Warnings: []health.Problem{{Reason: health.OneNode, Object: web}},
	}
	placed, err := all.placed(r, &health.Failure{Report: r})
	failure, ok := errors.AsType[*health.Failure](err)
	if !ok {
		t.Fatalf("error is %v, want a Failure", err)
	}
	for _, got := range []*health.Report{placed, failure.Report} {
		for _, p := range []health.Problem{got.Problems[0], got.Warnings[0]} {
			if p.File != "shop/web.yaml" || p.Line != 7 {
				t.Errorf("%s is at %s:%d", p.Reason, p.File, p.Line)
			}
		}
		if p := got.Problems[1]; p.File != "" || p.Line != 0 {
			t.Errorf("a problem of no object is at %s:%d", p.File, p.Line)
		}
	}
	if r.Problems[0].File != "" || r.Warnings[0].File != "" {
		t.Errorf("the gate's own report was changed: %+v", r)
	}
	if other := errors.New("other"); !errors.Is(second(all.placed(nil, other)), other) {
		t.Error("another error is not passed on")
	}
}

func second(_ *health.Report, err error) error { return err }
