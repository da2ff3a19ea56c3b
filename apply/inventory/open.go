package inventory

import "slices"

// MaxOpen is how many commits without a verdict an inventory keeps.
const MaxOpen = 10

// Begin notes a commit that is about to be brought live, before those that have no verdict either.
func (i *Inventory) Begin(revision string) {
	others := slices.DeleteFunc(slices.Clone(i.Open), func(open string) bool { return open == revision })
	i.Open = append([]string{revision}, others[:min(len(others), MaxOpen-1)]...)
}
