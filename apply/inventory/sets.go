package inventory

import (
	"maps"
	"slices"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Union returns the objects of a and of b. Of an object in both it has b's entry.
func Union(a, b map[object.ID]Entry) map[object.ID]Entry {
	all := make(map[object.ID]Entry, max(len(a), len(b)))
	maps.Copy(all, a)
	maps.Copy(all, b)
	return all
}

// Stale returns the objects of old that desired does not have, sorted by [object.Compare].
func Stale[V any](old map[object.ID]Entry, desired map[object.ID]V) []object.ID {
	var gone []object.ID
	for id := range old {
		if _, ok := desired[id]; !ok {
			gone = append(gone, id)
		}
	}
	slices.SortFunc(gone, object.Compare)
	return gone
}
