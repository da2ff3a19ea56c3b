package object

import (
	"cmp"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ID names one object of a cluster, whatever the API version it is written in. The zero ID names none.
type ID struct {
	Group     string // empty for the core group
	Kind      string // as in a manifest: Deployment
	Namespace string // empty for an object of the whole cluster
	Name      string
}

// Of returns the ID of o, from its apiVersion, kind, namespace and name.
func Of(o *unstructured.Unstructured) ID {
	gvk := o.GroupVersionKind()
	return ID{Group: gvk.Group, Kind: gvk.Kind, Namespace: o.GetNamespace(), Name: o.GetName()}
}

// GroupKind returns the kind that id is of.
func (id ID) GroupKind() schema.GroupKind {
	return schema.GroupKind{Group: id.Group, Kind: id.Kind}
}

// String returns the ID in kubectl's words: deployment.apps/web-server. It leaves the namespace out, as kubectl does.
func (id ID) String() string {
	return strings.ToLower(id.GroupKind().String()) + "/" + id.Name
}

// MarshalText returns the form that [Parse] reads: Deployment.apps/default/web-server. It never fails.
func (id ID) MarshalText() ([]byte, error) {
	return []byte(id.GroupKind().String() + "/" + id.Namespace + "/" + id.Name), nil
}

// UnmarshalText is [Parse] for encoders. The ID stays as it was when the text is not one.
func (id *ID) UnmarshalText(text []byte) error {
	parsed, err := Parse(string(text))
	if err == nil {
		*id = parsed
	}
	return err
}

// Parse reads Kind.group/namespace/name, the form of [ID.MarshalText]; the namespace of a cluster's object is empty.
// Text of any other form is an error that quotes it.
func Parse(text string) (ID, error) {
	parts := strings.Split(text, "/")
	if len(parts) != 3 || parts[2] == "" {
		return ID{}, fmt.Errorf("object %q: want Kind.group/namespace/name", text)
	}
	gk := schema.ParseGroupKind(parts[0])
	if gk.Kind == "" {
		return ID{}, fmt.Errorf("object %q: no kind", text)
	}
	return ID{Group: gk.Group, Kind: gk.Kind, Namespace: parts[1], Name: parts[2]}, nil
}

// Compare orders IDs by namespace, kind, group and name, as the comparison functions of package slices do.
func Compare(a, b ID) int {
	return cmp.Or(
		cmp.Compare(a.Namespace, b.Namespace),
		cmp.Compare(a.Kind, b.Kind),
		cmp.Compare(a.Group, b.Group),
		cmp.Compare(a.Name, b.Name),
	)
}
