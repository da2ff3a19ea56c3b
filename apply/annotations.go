package apply

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// meanings has the value that means something for each annotation that an object may carry; what allows deletions has a
// number as well.
var meanings = map[string]string{
	ReconcileAnnotation:           disabled,
	PruneAnnotation:               disabled,
	ApplyAnnotation:               ifNotPresent,
	ForceAnnotation:               recreate,
	AllowPruneAnnotation:          "true",
	manifest.SubstituteAnnotation: disabled,
}

// meaningless says of each annotation of Lockstep's on o that it has no effect as it is written: whoever wrote
// prune: "false" believes the object to be safe.
func meaningless(o *unstructured.Unstructured) []string {
	var all []string
	annotations := o.GetAnnotations()
	for _, key := range slices.Sorted(maps.Keys(annotations)) {
		if !strings.HasPrefix(key, object.Prefix) {
			continue
		}
		value := annotations[key]
		want, known := meanings[key]
		switch {
		case !known:
			all = append(all, fmt.Sprintf("no such annotation as %s: it has no effect", key))
		case value != want && value != "enabled" && !isCount(key, value):
			all = append(all, fmt.Sprintf("the annotation %s has no effect with the value %s, only with %q", key, cut(strconv.Quote(value)), want))
		}
	}
	return all
}

func isCount(key, value string) bool {
	_, err := strconv.ParseUint(value, 10, 31)
	return key == AllowPruneAnnotation && err == nil
}
