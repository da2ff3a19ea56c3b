package apply

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// foresee notes which fields an apply of c would change, where after is what the API server made of it in a dry run. What
// a dry run does not show is added: the fields that go because they are in kubectl's manifest and not in git's.
func (a *Applier) foresee(ctx context.Context, c *Change, after *unstructured.Unstructured) error {
	if c.Action == Created || c.Before == nil && c.seen != nil && c.previous != nil {
		c.Fields = c.differences(after)
		return nil
	}
	before := c.Before
	if before == nil && c.Action == Configured {
		var err error
		if before, err = a.fetch(ctx, c); err != nil {
			return err
		}
	}
	c.Fields = Diff(before, after)
	if before == nil || c.recorded {
		return nil
	}
	for _, f := range abandoned(before, c.Desired) {
		if !slices.ContainsFunc(c.Fields, func(known Field) bool { return known.Path == f.Path }) {
			c.Fields = append(c.Fields, f)
		}
	}
	slices.SortFunc(c.Fields, func(x, y Field) int { return strings.Compare(x.Path, y.Path) })
	return nil
}

// abandoned are the fields of live that kubectl has applied and that the manifest does not have.
func abandoned(live, manifest *unstructured.Unstructured) []Field {
	values, wanted := leaves(live), leaves(encoded(manifest))
	var fields []Field
	for _, path := range kubectlPaths(live) {
		if hasBelow(wanted, path) {
			continue
		}
		for _, leaf := range slices.Sorted(maps.Keys(values)) {
			if isBelow(leaf, path) {
				fields = append(fields, Field{Path: leaf, Old: text(values[leaf])})
			}
		}
	}
	return fields
}

// isBelow reports whether the leaf is path, or a part of the value there.
func isBelow(leaf, path string) bool {
	rest, ok := strings.CutPrefix(leaf, path)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func hasBelow(all map[string]any, path string) bool {
	for leaf := range all {
		if isBelow(leaf, path) {
			return true
		}
	}
	return false
}

// kubectlPaths are the paths of the fields that are in the manifest kubectl has applied: from its annotation if it was
// applied on the client's side, whose manager owns what was defaulted, too, and from its manager otherwise.
func kubectlPaths(live *unstructured.Unstructured) []string {
	var paths []string
	noted := &unstructured.Unstructured{}
	if note := live.GetAnnotations()[lastApplied]; note != "" && json.Unmarshal([]byte(note), &noted.Object) == nil {
		paths = slices.Sorted(maps.Keys(leaves(encoded(noted))))
	}
	for _, entry := range live.GetManagedFields() {
		if !applies(entry) || entry.Operation != metav1.ManagedFieldsOperationApply {
			continue
		}
		if set, err := fieldsOf(entry); err == nil {
			for path := range set.Leaves().All() {
				paths = append(paths, leafPath(live.Object, path))
			}
		}
	}
	return slices.DeleteFunc(paths, func(path string) bool { return path == "" })
}

// leafPath writes a path as [leaves] does, for which it has to look which member of a list is meant. It is empty if o has
// no such member.
func leafPath(o map[string]any, path fieldpath.Path) string {
	text, value := "", any(o)
	for _, element := range path {
		switch {
		case element.FieldName != nil:
			text = join(text, *element.FieldName)
			members, _ := value.(map[string]any)
			value = members[*element.FieldName]
		case element.Key != nil:
			list, _ := value.([]any)
			at := slices.IndexFunc(list, func(member any) bool { return hasKey(member, element) })
			if at < 0 {
				return ""
			}
			text += "[" + memberKey(at, list[at].(map[string]any)) + "]"
			value = list[at]
		default:
			return text // a list of plain values is one value
		}
	}
	return text
}

func hasKey(member any, element fieldpath.PathElement) bool {
	m, ok := member.(map[string]any)
	if !ok {
		return false
	}
	for _, key := range *element.Key {
		if value, has := m[key.Name]; !has || value != key.Value.Unstructured() {
			return false
		}
	}
	return true
}
