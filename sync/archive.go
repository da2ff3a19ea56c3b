package sync

import (
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// maxArchived is how many objects an app may have whose manifests are kept for the next pass. A larger one has its live
// objects read instead, those that change.
const maxArchived = 1000

// archive are the manifests of a pass, packed: a thousand apps take a megabyte. The zero archive has none.
type archive []byte

// pack keeps the manifests of plan, in an order that does not depend on the names of files.
func pack(plan *apply.Plan) (archive, error) {
	changes := slices.Clone(plan.Changes)
	slices.SortFunc(changes, func(a, b *apply.Change) int { return object.Compare(a.ID, b.ID) })
	items := make([]inventory.Item, len(changes))
	for i, c := range changes {
		items[i] = inventory.Item{File: c.File, Line: c.Line, Object: c.Rendered()}
	}
	return inventory.Pack(items)
}

// archived is [pack] for saying what the next commit changes: of a large app there is none, and an error is none either.
func archived(plan *apply.Plan) archive {
	if len(plan.Changes) > maxArchived {
		return nil
	}
	packed, err := pack(plan)
	if err != nil {
		return nil
	}
	return packed
}

// lookup returns a func that finds what was last applied of an object, as far as one of the archives has what is on record.
// It unpacks when it is first called.
func lookup(recorded map[object.ID]inventory.Entry, archives ...archive) func(object.ID) *unstructured.Unstructured {
	var found map[object.ID]*unstructured.Unstructured
	return func(id object.ID) *unstructured.Unstructured {
		if found == nil {
			found = map[object.ID]*unstructured.Unstructured{}
			for _, a := range archives {
				a.unpack(found, recorded)
			}
		}
		return found[id]
	}
}

func (a archive) unpack(found map[object.ID]*unstructured.Unstructured, recorded map[object.ID]inventory.Entry) {
	items, err := inventory.Unpack(a)
	if err != nil {
		return
	}
	for _, item := range items {
		id := object.Of(item.Object)
		if o := apply.LastApplied(item.Object, recorded[id]); o != nil {
			found[id] = o
		}
	}
}

// previous are the archives that may have what was last applied: that of the pass before, and the newest healthy state,
// which a process that has just started has as well.
func (p *pass) previous() []archive {
	all := []archive{p.before.applied}
	if healthy := p.record.Healthy; len(healthy) > 0 && healthy[0].Objects <= maxArchived {
		all = append(all, healthy[0].Packed)
	}
	return all
}

// manifestsOf are the objects of a healthy state, as a commit would have them.
func manifestsOf(state *inventory.State) ([]manifest.Manifest, error) {
	items, err := state.Items()
	if err != nil {
		return nil, err
	}
	all := make([]manifest.Manifest, len(items))
	for i, item := range items {
		all[i] = manifest.Manifest{Object: item.Object, ID: object.Of(item.Object), File: item.File, Line: item.Line}
	}
	return all, nil
}

// contentOf tells the manifests of one commit from those of another, wherever they are in it.
func contentOf(app App, manifests []manifest.Manifest) string {
	objects := make(map[string]string, len(manifests))
	for _, m := range manifests {
		objects[m.ID.String()] = apply.Digest(m.Object.Object)
	}
	return apply.Digest(map[string]any{"namespace": app.Namespace, "objects": objects})
}
