package apply

import (
	"context"
	"errors"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
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
		if err != nil && (!some || at == foundations) {
			return err
		}
		failed = append(failed, refused...)
	}
	return sorted(failed)
}

func (a *Applier) write(ctx context.Context, c *Change) error {
	if !c.writes() {
		return nil
	}
	if err := a.takeOver(ctx, c); err != nil {
		return err
	}
	c.Why = "" // what was foreseen may not come to pass
	live, err := a.patch(ctx, c)
	if c.recreates(err) {
		live, err = a.recreate(ctx, c)
	}
	if err != nil {
		return err
	}
	c.settle(live)
	return nil
}

// rehearse asks the API server what the apply of c would make of the object, and whether it would be admitted.
func (a *Applier) rehearse(ctx context.Context, c *Change) error {
	if c.deferred {
		return nil
	}
	after, err := a.patch(ctx, c, client.DryRunAll)
	if c.recreates(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return a.foresee(ctx, c, after)
}

// patch applies c.Desired and returns the API server's answer. It does not force: a field that another manager owns
// with another value is a conflict, which [mayForce] settles.
func (a *Applier) patch(ctx context.Context, c *Change, options ...client.ApplyOption) (*unstructured.Unstructured, error) {
	answer := c.Desired.DeepCopy()
	err := a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(answer), options...)
	if err == nil || !mayForce(err, c) {
		return answer, a.explain(ctx, c, err)
	}
	answer = c.Desired.DeepCopy()
	err = a.client.Apply(ctx, client.ApplyConfigurationFromUnstructured(answer), append(options, client.ForceOwnership)...)
	return answer, a.explain(ctx, c, err)
}

// settle records what the API server made of the apply.
func (c *Change) settle(live *unstructured.Unstructured) {
	c.Live = live
	c.Fields = Diff(c.Before, live)
	if c.Action == Configured && len(c.Fields) == 0 {
		c.Action = Unchanged
	}
}

// Fingerprint is the [Fingerprint] of the change's live object, for the inventory. A replica count that an autoscaler
// has is left out: it may move without anybody having touched what we applied.
func (c *Change) Fingerprint() string {
	shape := c.Desired
	if c.yielded {
		shape = shape.DeepCopy()
		unstructured.RemoveNestedField(shape.Object, "spec", "replicas")
	}
	return Fingerprint(shape, c.Live)
}
