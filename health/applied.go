package health

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Applied is an object whose health counts, as the API server returned it from the apply: the resource version tells which
// watched copies are too old to judge. It is packed, so that many can wait, and does not change.
type Applied struct {
	outline outline
	packed  object.Packed // as of small
}

// NewApplied returns o as it is now. The error is of an object that is no JSON.
func NewApplied(o *unstructured.Unstructured) (*Applied, error) {
	packed, err := object.Pack(small(o))
	return &Applied{outlineOf(o), packed}, err
}

// small returns a copy of o without what only its size comes from: what tells how it is is in the cluster. Of the status the
// conditions stay, as what was wrong before the apply is not its fault.
func small(o *unstructured.Unstructured) *unstructured.Unstructured {
	kept := &unstructured.Unstructured{Object: make(map[string]any, len(o.Object))}
	for key, value := range o.Object {
		switch key {
		case "data", "binaryData", "stringData":
		case "status":
			if status, ok := value.(map[string]any); ok && status["conditions"] != nil {
				kept.Object[key] = map[string]any{"conditions": status["conditions"]}
			}
		case "spec":
			kept.Object[key] = withoutPods(value)
		default:
			kept.Object[key] = value
		}
	}
	if metadata, ok := o.Object["metadata"].(map[string]any); ok {
		slim := make(map[string]any, len(metadata))
		for key, value := range metadata {
			if key != "managedFields" {
				slim[key] = value
			}
		}
		kept.Object["metadata"] = slim
	}
	return kept
}

// withoutPods is a spec without that of the pods which it has made: of these the watches show more.
func withoutPods(spec any) any {
	fields, _ := spec.(map[string]any)
	template, ok := fields["template"].(map[string]any)
	if !ok || template["metadata"] == nil {
		return spec
	}
	kept := maps.Clone(fields)
	kept["template"] = map[string]any{"metadata": template["metadata"]}
	return kept
}
