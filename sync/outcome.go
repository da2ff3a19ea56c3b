package sync

import (
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/health"
)

// Outcome is what a pass came to.
type Outcome struct {
	Revision git.Revision
	State    State
	Plan     *apply.Plan    // as applied; nil when the pass has not come that far, or had nothing to plan
	Report   *health.Report // the gate's last
	Snapshot git.Snapshot
	Back     *Back // an earlier state is live instead of the revision; nil otherwise
	// Moved reports whether anything was written or a revision seen that no pass of this process saw before.
	Moved bool
	// First reports whether this is the first verdict on what the commit has for the app, by any process.
	First bool
	// Blind reports whether some of the app's objects cannot be watched: only another pass can tell whether they are as
	// they were left.
	Blind bool

	targets []object.Packed
	places  places
}

// Objects are the app's live objects, for the watch over its health, as the last pass that planned has left them.
func (o Outcome) Objects() []*unstructured.Unstructured {
	all := make([]*unstructured.Unstructured, len(o.targets))
	for i, target := range o.targets {
		all[i] = target.Unpack()
	}
	return all
}

// memory is what one pass leaves to the next.
type memory struct {
	outcome  Outcome // without its plan, which is large
	reads    reads   // what its manifests were made of
	applied  archive // the manifests themselves
	watched  map[object.ID]inventory.Entry
	settled  bool      // the app was healthy then
	skipped  bool      // some object was left alone: whether it still is to be, its annotations say
	gate     time.Time // when the wait for these manifests began; zero when it is over
	gateOver bool      // that wait has ended without health
}

// targets are the objects of a plan, made small: what tells how they are is in the cluster, not in them.
func targets(plan *apply.Plan) ([]object.Packed, error) {
	all := make([]object.Packed, 0, len(plan.Changes))
	for _, c := range plan.Changes {
		target := c.Target()
		if target == nil {
			continue
		}
		packed, err := object.Pack(small(target))
		if err != nil {
			return nil, err
		}
		all = append(all, packed)
	}
	return all, nil
}

// outline is a spec without that of the pods which it has made: of these the watches show more.
func outline(spec any) any {
	fields, _ := spec.(map[string]any)
	template, ok := fields["template"].(map[string]any)
	if !ok || template["metadata"] == nil {
		return spec
	}
	kept := maps.Clone(fields)
	kept["template"] = map[string]any{"metadata": template["metadata"]}
	return kept
}

// small returns a copy of o without what only its size comes from. Of the status the conditions stay: what was wrong
// before the apply is not its fault.
func small(o *unstructured.Unstructured) *unstructured.Unstructured {
	kept := &unstructured.Unstructured{Object: make(map[string]any, len(o.Object))}
	for key, value := range o.Object {
		switch key {
		case "data", "binaryData", "stringData":
		case "status":
			if status, ok := value.(map[string]any); ok && status["conditions"] != nil {
				kept.Object[key] = map[string]any{"conditions": status["conditions"]}
			}
		case "spec":
			kept.Object[key] = outline(value)
		default:
			kept.Object[key] = value
		}
	}
	if metadata, ok := o.Object["metadata"].(map[string]any); ok {
		slim := make(map[string]any, len(metadata))
		for key, value := range metadata {
			if key != "managedFields" {
				slim[key] = value
			}
		}
		kept.Object["metadata"] = slim
	}
	return kept
}
