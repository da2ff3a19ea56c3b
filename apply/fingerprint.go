package apply

import (
	"maps"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Fingerprint is the digest of those fields of live that desired names: as long as it stays what it was right after an
// apply, nobody has changed what the app applied. Fields that others add beside ours do not count, nor does the status.
// It is empty, and so equal to no recorded one, when live is nil.
func Fingerprint(desired, live *unstructured.Unstructured) string {
	if live == nil {
		return ""
	}
	return digest(project(desired.Object, live.Object))
}

// project returns what shape selects of value.
func project(shape, value any) any {
	switch s := shape.(type) {
	case map[string]any:
		v, ok := value.(map[string]any)
		if !ok {
			return value
		}
		selected := make(map[string]any, len(s))
		for key, member := range s {
			if there, has := v[key]; has {
				selected[key] = project(member, there)
			}
		}
		return selected
	case []any:
		return projectList(s, value)
	default:
		return value
	}
}

// projectList selects the named members that shape names, as server-side apply merges such lists by name; a list
// without names is one value.
func projectList(shape []any, value any) any {
	list, ok := value.([]any)
	if !ok || len(shape) == 0 {
		return value
	}
	there := named(list)
	selected := map[string]any{}
	for _, member := range shape {
		m, isMap := member.(map[string]any)
		name, hasName := m["name"].(string)
		if !isMap || !hasName {
			return value
		}
		if v, has := there[name]; has {
			selected[name] = project(m, v)
		}
	}
	return selected
}

func named(list []any) map[string]any {
	byName := make(map[string]any, len(list))
	for _, member := range list {
		if m, ok := member.(map[string]any); ok {
			if name, ok := m["name"].(string); ok {
				byName[name] = maps.Clone(m)
			}
		}
	}
	return byName
}
