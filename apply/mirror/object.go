package mirror

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Object is what the metadata of a live object tells.
type Object struct {
	UID     types.UID
	Version string // resource version
	App     string // value of the owner label
	// Mark is the digest of the set of fields that the object's own field manager, [object.FieldManager], owns by
	// applying. As long as it stays what it was after an apply, nobody has changed or removed a field of that apply.
	// Empty when the manager owns none.
	Mark     string
	Replicas bool              // spec.replicas is in that set
	Deleting bool              // its deletion has been asked for
	Held     []string          // finalizers that it waits for then; nil of others
	Notes    map[string]string // annotations below lockstep.dev/; nil when there are none
	Ended    object.End        // of a Job that goes some time after its end; no other metadata tells it

	sum [sha256.Size]byte // of the set as it was sent, to tell quickly that it is the same
}

// Of returns what the metadata of o tells.
func Of(o metav1.Object) Object { return read(o, Object{}) }

// read is Of for an object of which an older state is known.
func read(o metav1.Object, old Object) Object {
	is := Object{
		UID: o.GetUID(), Version: o.GetResourceVersion(), App: o.GetLabels()[object.OwnerLabel],
		Deleting: o.GetDeletionTimestamp() != nil, Notes: notes(o.GetAnnotations()),
	}
	if is.Deleting {
		is.Held = o.GetFinalizers()
	}
	if whole, ok := o.(*unstructured.Unstructured); ok {
		is.Ended = object.EndOf(whole.Object)
	}
	set := applied(o.GetManagedFields())
	if len(set) == 0 {
		return is
	}
	if is.sum = sha256.Sum256(set); is.sum == old.sum {
		is.Mark, is.Replicas = old.Mark, old.Replicas
		return is
	}
	is.Mark, is.Replicas = mark(set)
	return is
}

// applied is the set of fields that our manager owns by applying.
func applied(fields []metav1.ManagedFieldsEntry) []byte {
	for _, entry := range fields {
		ours := entry.Manager == object.FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == ""
		if ours && entry.FieldsV1 != nil {
			return entry.FieldsV1.GetRawBytes()
		}
	}
	return nil
}

// mark is the digest of a set, whatever order its members are written in: protobuf and JSON answers differ there.
func mark(set []byte) (digest string, replicas bool) {
	var fields map[string]any
	if err := json.Unmarshal(set, &fields); err != nil {
		return "", false // the API server sends no such set; without a mark the object is applied again
	}
	if spec, ok := fields["f:spec"].(map[string]any); ok {
		_, replicas = spec["f:replicas"]
	}
	canonical, err := json.Marshal(fields)
	if err != nil {
		return "", false
	}
	sum := sha256.Sum256(canonical)
	return hex.EncodeToString(sum[:]), replicas
}

func notes(annotations map[string]string) map[string]string {
	var ours map[string]string
	for key, value := range annotations {
		if strings.HasPrefix(key, object.Prefix) {
			if ours == nil {
				ours = map[string]string{}
			}
			ours[key] = value
		}
	}
	return ours
}
