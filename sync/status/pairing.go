package status

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// waiting are the old or the new pods of a workload that are over and have no counterpart, in the order in which they were.
func (r *Rollout) waiting(workload object.ID, old bool) []podKey {
	var keys []podKey
	for key, state := range r.pods {
		if key.workload == workload && key.old == old && state.over && !state.taken {
			keys = append(keys, key)
		}
	}
	slices.SortFunc(keys, func(a, b podKey) int {
		return cmp.Or(r.pods[a].at.Compare(r.pods[b].at), cmp.Compare(a.name, b.name))
	})
	return keys
}

// String says it in one phrase: "endpoints never fewer than 3; 3 pods replaced in 4.2 s". It is empty where no pod was
// replaced: then there was nothing to lose.
func (r *Rollout) String() string {
	if r == nil || len(r.Replaced) == 0 {
		return ""
	}
	var words []string
	for _, c := range r.Services {
		name := ""
		if len(r.Services) > 1 {
			name = " of " + c.Name
		}
		if c.Lowest == 0 {
			words = append(words, fmt.Sprintf("no endpoints%s for a while", name))
		} else {
			words = append(words, fmt.Sprintf("endpoints%s never fewer than %d", name, c.Lowest))
		}
	}
	last := r.Replaced[len(r.Replaced)-1].At
	took := last.Sub(r.Began).Round(time.Microsecond)
	words = append(words, fmt.Sprintf("%s replaced in %s", plural(len(r.Replaced), "pod"), Spell(took)))
	return strings.Join(words, "; ")
}
