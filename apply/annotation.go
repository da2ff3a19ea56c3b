package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Annotations that an object may carry, in git or on the live object.
const (
	// ReconcileAnnotation with the value "disabled" leaves the whole object alone.
	ReconcileAnnotation = object.Prefix + "reconcile"
	// PruneAnnotation with the value "disabled" keeps the object when it leaves git.
	PruneAnnotation = object.Prefix + "prune"
	// AllowPruneAnnotation with the value "true", on any object of a commit, lifts the guards from that commit's
	// deletions.
	AllowPruneAnnotation = object.Prefix + "allow-prune"
)

const disabled = "disabled"

// skip reports whether somebody asked that c be left alone, and notes who did.
func skip(c *Change) bool {
	switch {
	case c.Desired.GetAnnotations()[ReconcileAnnotation] == disabled:
		c.Why = ReconcileAnnotation + ": disabled in git"
	case c.seen != nil && c.seen.Notes[ReconcileAnnotation] == disabled:
		c.Why = ReconcileAnnotation + ": disabled on the live object"
	}
	return c.Why != ""
}

func annotated(o *unstructured.Unstructured, key, value string) bool {
	return o != nil && o.GetAnnotations()[key] == value
}
