package apply

import "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

// Annotations that an object may carry, in git or on the live object.
const (
	// ReconcileAnnotation with the value "disabled" leaves the whole object alone.
	ReconcileAnnotation = "lockstep.dev/reconcile"
	// PruneAnnotation with the value "disabled" keeps the object when it leaves git.
	PruneAnnotation = "lockstep.dev/prune"
	// AllowPruneAnnotation with the value "true", on any object of a commit, lifts the guards from that commit's
	// deletions.
	AllowPruneAnnotation = "lockstep.dev/allow-prune"
)

const disabled = "disabled"

// skip reports whether somebody asked that c be left alone, and notes who did.
func skip(c *Change) bool {
	switch {
	case c.Desired.GetAnnotations()[ReconcileAnnotation] == disabled:
		c.Why = ReconcileAnnotation + ": disabled in git"
	case annotated(c.Before, ReconcileAnnotation, disabled):
		c.Why = ReconcileAnnotation + ": disabled on the live object"
	}
	return c.Why != ""
}

func annotated(o *unstructured.Unstructured, key, value string) bool {
	return o != nil && o.GetAnnotations()[key] == value
}
