package apply

import (
	"context"
	"slices"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/mirror"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// Drifted reports whether anything that app has on record is not in the cluster as it was applied, as far as the mirror
// shows: it makes no call but for the first list of a kind. What is on its way out is not as it was applied, however long a
// finalizer holds it. When known is false some of it cannot be watched, and only a
// [Applier.Plan] can tell.
func (a *Applier) Drifted(ctx context.Context, app string, recorded map[object.ID]inventory.Entry) (drifted, known bool) {
	if a.mirror == nil {
		return false, false
	}
	known = true
	scaled := a.scaled(ctx, recorded)
	for id, entry := range recorded {
		seen, found, shown := a.mirror.Find(ctx, id, entry.Version)
		switch {
		case !shown:
			known = false
		case !found && entry.Ended != (object.End{}), seen.Ended != (object.End{}) && isPast(entry): // it has run, and goes
		case !found, seen.App != app, seen.Ended != entry.Ended, isLeaving(seen), seen.Mark != entry.Fingerprint, scaled(id) != entry.Yielded:
			drifted = true
		}
	}
	return drifted, known
}

// isLeaving tells an object whose deletion somebody has asked for, before its time to live has.
func isLeaving(o mirror.Object) bool { return o.Deleting && o.Ended == (object.End{}) }

// scaled tells the objects whose replica count an autoscaler has now. Where autoscalers cannot be watched, nothing is
// known to have changed.
func (a *Applier) scaled(ctx context.Context, recorded map[object.ID]inventory.Entry) func(object.ID) bool {
	byNamespace := map[string]map[object.ID]mirror.Autoscaler{}
	for id := range recorded {
		if _, asked := byNamespace[id.Namespace]; asked || id.Namespace == "" {
			continue
		}
		targets, known := a.mirror.Autoscalers(ctx, id.Namespace)
		if !known {
			targets = nil
		}
		byNamespace[id.Namespace] = targets
	}
	return func(id object.ID) bool {
		targets := byNamespace[id.Namespace]
		if targets == nil {
			return recorded[id].Yielded
		}
		_, is := targets[id]
		return is
	}
}

// Follow has changed called whenever something may have changed what app applied: see [mirror.Mirror.Follow]. Without a
// mirror it never is.
func (a *Applier) Follow(app string, changed func()) (stop func()) {
	if a.mirror == nil {
		return func() {}
	}
	return a.mirror.Follow(app, changed)
}

const onlyReported = "drift: it is only reported"

// describe says of drift that is only reported what it is: the fields, their values, and whose they are.
func (a *Applier) describe(ctx context.Context, plan *Plan, request Request) error {
	var reported []*Change
	for _, c := range plan.Changes {
		if request.DetectOnly && c.left {
			reported = append(reported, c)
		}
	}
	return a.each(ctx, reported, func(ctx context.Context, c *Change) error {
		if err := a.readLive(ctx, c); err != nil || c.seen == nil {
			c.Why = "drift: it was deleted, which is only reported"
			return err
		}
		after, err := a.patch(ctx, c, c.Desired, client.DryRunAll)
		if err != nil {
			return err
		}
		c.Fields = Diff(c.Before, after)
		c.By = culprits(c.Before, c.Fields)
		if len(c.Fields) == 0 { // still on record as it was applied, so that the next change is noticed
			c.left, c.Why = false, "as git has it, though others have written it"
			return nil
		}
		c.Why = onlyReported + ": " + few(c.Fields, 3, ", ", Field.String) + c.culprits()
		return nil
	})
}

// leaves reports whether drift is left as it is, and notes why.
func (r Request) leaves(c *Change) bool {
	switch {
	case r.DetectOnly:
		c.Why = onlyReported
	case r.Rival != nil:
		c.Why = r.Rival(c.ID)
	}
	c.left = c.Why != ""
	return c.left
}

// warnOfDrift warns of the drift that is left as it is.
func (p *Plan) warnOfDrift() {
	for _, c := range p.Changes {
		if c.left {
			p.Warnings = append(p.Warnings, c.ID.String()+": "+c.Why)
		}
	}
}

// culprits are the field managers that own what differs between the live object and git now. A field that was removed is
// owned by nobody: then it is whoever wrote last.
func culprits(before *unstructured.Unstructured, fields []Field) []string {
	if before == nil {
		return nil
	}
	var owners []string
	last, at := "", time.Time{}
	for _, entry := range before.GetManagedFields() {
		if entry.Manager == FieldManager || entry.FieldsV1 == nil || entry.Subresource == "status" {
			continue
		}
		if entry.Time != nil && !entry.Time.Time.Before(at) {
			last, at = entry.Manager, entry.Time.Time
		}
		if owns(before, entry, fields) {
			owners = append(owners, entry.Manager)
		}
	}
	if len(owners) == 0 && last != "" {
		owners = []string{last}
	}
	slices.Sort(owners)
	return slices.Compact(owners)
}

// owns reports whether the entry's manager owns one of the fields of before.
func owns(before *unstructured.Unstructured, entry metav1.ManagedFieldsEntry, fields []Field) bool {
	set, err := fieldsOf(entry)
	if err != nil {
		return false
	}
	owned := false
	set.Iterate(func(path fieldpath.Path) {
		at := leafPath(before.Object, path)
		owned = owned || slices.ContainsFunc(fields, func(f Field) bool { return f.Path == at })
	})
	return owned
}
