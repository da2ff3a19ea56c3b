package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Annotations that an object may carry, in git or on the live object.
const (
	// ReconcileAnnotation with the value "disabled" leaves the whole object alone.
	ReconcileAnnotation = object.Prefix + "reconcile"
	// PruneAnnotation with the value "disabled" keeps the object when it leaves git. One in git is on the live object,
	// too, and it is there that a prune looks.
	PruneAnnotation = object.Prefix + "prune"
	// ApplyAnnotation with the value "if-not-present" has the object created when it is missing and never changed
	// afterwards. It is the app's like any other, and is pruned when it leaves git.
	ApplyAnnotation = object.Prefix + "ssa"
	// ForceAnnotation with the value "recreate" has the object deleted and created anew when the commit changes a
	// field that Kubernetes lets nobody change. Namespaces, definitions and volume claims never are, nor is what the
	// app has not applied before.
	ForceAnnotation = object.Prefix + "force"
	// AllowPruneAnnotation, on any object of a commit, lifts the guards from that commit's deletions: from all of them
	// with the value "true", with a number if there are no more than that.
	AllowPruneAnnotation = object.Prefix + "allow-prune"
)

const (
	disabled     = "disabled"
	ifNotPresent = "if-not-present"
	recreate     = "recreate"
)

// skip reports whether somebody asked that c be left alone, and notes who did.
func skip(c *Change) bool {
	c.Why = asked(c, ReconcileAnnotation, disabled)
	if c.Why == "" && c.seen != nil {
		c.Why = asked(c, ApplyAnnotation, ifNotPresent)
	}
	return c.Why != ""
}

// asked says where c carries the annotation key with the value, git first; it is empty if c does not.
func asked(c *Change, key, value string) string {
	switch {
	case annotated(c.Desired, key, value):
		return key + ": " + value + " in git"
	case c.seen != nil && c.seen.Notes[key] == value:
		return key + ": " + value + " on the live object"
	}
	return ""
}

func annotated(o *unstructured.Unstructured, key, value string) bool {
	return o != nil && o.GetAnnotations()[key] == value
}
