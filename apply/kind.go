package apply

import (
	"cmp"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

// UnknownKindError says that the cluster serves no such kind.
type UnknownKindError struct {
	Kind    schema.GroupVersionKind
	Instead []schema.GroupVersionKind // what it serves of that name, in other versions and groups
	Brought bool                      // the commit brings the kind, in other versions
}

func (e *UnknownKindError) Error() string {
	text := "the cluster knows no kind " + inGroup(e.Kind)
	switch {
	case e.Brought:
		return "the CustomResourceDefinition of this commit does not serve " + inGroup(e.Kind)
	case len(e.Instead) > 0:
		return text + "; it has " + few(e.Instead, 3, ", ", inGroup)
	}
	return text + ": is its CustomResourceDefinition installed?"
}

func inGroup(kind schema.GroupVersionKind) string {
	return kind.Kind + " in " + kind.GroupVersion().String()
}

// unknown returns the error about a kind that the cluster does not serve, with what is meant most likely.
func (a *Applier) unknown(kind schema.GroupVersionKind) *UnknownKindError {
	unknown := &UnknownKindError{Kind: kind}
	groups := []string{kind.Group}
	for known := range scheme.Scheme.AllKnownTypes() {
		if known.Kind == kind.Kind && !slices.Contains(groups, known.Group) {
			groups = append(groups, known.Group)
		}
	}
	for _, group := range groups {
		mappings, err := a.client.RESTMapper().RESTMappings(schema.GroupKind{Group: group, Kind: kind.Kind})
		if err != nil {
			continue // what is unknown is still true
		}
		for _, mapping := range mappings {
			unknown.Instead = append(unknown.Instead, mapping.GroupVersionKind)
		}
	}
	slices.SortFunc(unknown.Instead, func(x, y schema.GroupVersionKind) int { return cmp.Compare(x.String(), y.String()) })
	return unknown
}

// misspelt returns an error about a kind that the mapper knows only because it takes a name in lower case for another's.
func (a *Applier) misspelt(mapping *meta.RESTMapping) error {
	kind := mapping.GroupVersionKind
	if kind.Kind != strings.ToLower(kind.Kind) {
		return nil
	}
	if meant, err := a.client.RESTMapper().KindFor(mapping.Resource); err == nil && meant.Kind != kind.Kind {
		return &UnknownKindError{Kind: kind, Instead: []schema.GroupVersionKind{meant}}
	}
	return nil
}

// definitions are the kinds that manifests bring themselves, and the scope of each.
type definitions map[schema.GroupVersionKind]string

// brings says whether any version of a kind is among them.
func (d definitions) brings(kind schema.GroupKind) bool {
	for known := range d {
		if known.GroupKind() == kind {
			return true
		}
	}
	return false
}

func definitionsIn(manifests []manifest.Manifest) definitions {
	kinds := definitions{}
	for _, m := range manifests {
		if !isCRD(m.ID) {
			continue
		}
		group, _, _ := unstructured.NestedString(m.Object.Object, "spec", "group")
		kind, _, _ := unstructured.NestedString(m.Object.Object, "spec", "names", "kind")
		scope, _, _ := unstructured.NestedString(m.Object.Object, "spec", "scope")
		for _, version := range servedVersions(m.Object) {
			kinds[schema.GroupVersionKind{Group: group, Version: version, Kind: kind}] = scope
		}
	}
	return kinds
}

// servedVersions are those that a CustomResourceDefinition serves.
func servedVersions(crd *unstructured.Unstructured) []string {
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	var names []string
	for _, one := range versions {
		version, _ := one.(map[string]any)
		if name, _ := version["name"].(string); version["served"] == true {
			names = append(names, name)
		}
	}
	return names
}
