package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/inventory"
)

// Rendered is the manifest of c as it can be applied again later, also where no autoscaler has the replica count then. It is
// not to be changed. Nil for an object that is to be pruned.
func (c *Change) Rendered() *unstructured.Unstructured {
	if c.count == nil {
		return c.Desired
	}
	return c.withCount(c.count)
}

// LastApplied returns what was last applied of an object that is on record so, if that was rendered; nil if it was anything
// else. It may change rendered.
func LastApplied(rendered *unstructured.Unstructured, recorded inventory.Entry) *unstructured.Unstructured {
	if recorded.Yielded {
		unstructured.RemoveNestedField(rendered.Object, "spec", "replicas")
	}
	if recorded.Hash == "" || digest(rendered.Object) != recorded.Hash {
		return nil
	}
	return rendered
}

// Digest tells values from others: equal ones have the same.
func Digest(value any) string { return digest(value) }
