package apply

import (
	"context"
	"errors"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/lockstep-dev/lockstep/apply/mirror"
)

// Apply writes what plan says, the stages one after the other and the objects of a stage concurrently, and calls report
// for each object, from several goroutines, as soon as its outcome is known. It fills in each change's Live and Fields,
// and turns an apply that changed nothing into Unchanged.
//
// One object that fails does not keep the others, unless they need it: see the stages. The error is [Errors] or ctx's
// cause.
func (a *Applier) Apply(ctx context.Context, plan *Plan, report func(*Change)) error {
	var failed Errors
	for at, stage := range stages(plan.Changes) {
		if at == gates && len(failed) > 0 {
			break
		}
		err := a.each(ctx, stage, func(ctx context.Context, c *Change) error {
			err := missingNamespace(a.write(ctx, c))
			if err == nil {
				report(c)
			}
			return err
		})
		if err == nil && at == foundations {
			err = a.each(ctx, stage, a.served)
		}
		refused, some := errors.AsType[Errors](err)
		if err != nil && (!some || at == foundations || at == allotted) {
			return err
		}
		failed = append(failed, refused...)
	}
	return sorted(failed)
}

// write applies c. Where an autoscaler is to have the replica count it is handed over in between.
func (a *Applier) write(ctx context.Context, c *Change) error {
	if !c.writes() {
		return nil
	}
	if c.late {
		return a.overtake(ctx, c)
	}
	if err := a.takeOver(ctx, c); err != nil {
		return err
	}
	if err := a.letGo(ctx, c); err != nil {
		return err
	}
	c.Why = "" // what was foreseen may not come to pass
	live, err := a.patchServed(ctx, c)
	if c.recreates(err) {
		live, err = a.recreate(ctx, c)
	}
	if err != nil {
		return err
	}
	c.settle(live)
	if a.mirror != nil {
		a.mirror.Note(ctx, c.ID, c.Version, live)
	}
	return nil
}

// rehearse asks the API server what the apply of c would make of the object, and whether it would be admitted.
func (a *Applier) rehearse(ctx context.Context, c *Change, request Request) error {
	if c.deferred || c.late {
		return nil
	}
	sent := c.Desired
	if c.yielded && c.seen != nil && c.seen.Replicas {
		sent = c.withCount(countOf(c.Before))
	}
	after, err := a.patch(ctx, c, sent, client.DryRunAll)
	if c.recreates(err) {
		return nil
	}
	if err != nil {
		return err
	}
	// What a dry run creates has no resource version.
	if c.unsought && after.GetResourceVersion() != "" {
		return a.discovered(ctx, c, request, after)
	}
	return a.foresee(ctx, c, after)
}

// discovered is for an object that was there after all, without our label.
func (a *Applier) discovered(ctx context.Context, c *Change, request Request, after *unstructured.Unstructured) error {
	if err := a.readLive(ctx, c); err != nil || c.seen == nil {
		return err
	}
	c.unsought, c.Action, c.Drift = false, Configured, false
	if err := request.mayOwn(ctx, c); err != nil {
		return err
	}
	if skip(c) {
		c.Action = Skipped
		return nil
	}
	return a.foresee(ctx, c, after)
}

// patch applies sent and returns the API server's answer. It forces what is ours in any case. Of other changes a field that
// another manager owns with another value is a conflict, which [mayForce] settles.
func (a *Applier) patch(ctx context.Context, c *Change, sent *unstructured.Unstructured, options ...client.ApplyOption) (*unstructured.Unstructured, error) {
	forced := append(slices.Clip(options), client.ForceOwnership)
	if c.wins() {
		options = forced
	}
	answer := &unstructured.Unstructured{Object: sent.Object} // an answer takes the place of the content, and changes nothing in it
	err := a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(answer), options...)
	if err == nil || c.wins() || !mayForce(err, c) {
		return answer, a.explain(ctx, c, err)
	}
	answer = &unstructured.Unstructured{Object: sent.Object}
	err = a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(answer), forced...)
	return answer, a.explain(ctx, c, err)
}

// settle records what the API server made of the apply.
func (c *Change) settle(live *unstructured.Unstructured) {
	c.Live = live
	c.Fields = c.differences(live)
	if c.Drift {
		c.By = culprits(c.Before, c.Fields)
	}
	same := c.Before != nil || c.seen != nil && c.seen.Version == live.GetResourceVersion()
	if c.Action == Configured && len(c.Fields) == 0 && same {
		c.Action = Unchanged
	}
	seen := mirror.Of(live)
	c.seen = &seen
}

// differences are the fields that after has otherwise than the live object before. Where that was not read, they are told
// from what this app applied last. There are none of an object that is new: all of it is.
func (c *Change) differences(after *unstructured.Unstructured) []Field {
	switch {
	case c.Action == Created:
		return nil
	case c.Before == nil && c.seen != nil && c.previous != nil:
		return Progress(c.previous, c.Desired, after)
	}
	return Diff(c.Before, after)
}
