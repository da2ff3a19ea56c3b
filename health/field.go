package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// integer reads a number of o, or fallback where there is none.
func integer(o *unstructured.Unstructured, fallback int, path ...string) int {
	n, found, err := unstructured.NestedInt64(o.Object, path...)
	if err != nil || !found {
		return fallback
	}
	return int(n)
}

// text reads a string of o; what is no string is not there.
func text(o *unstructured.Unstructured, path ...string) string {
	s, _, _ := unstructured.NestedString(o.Object, path...)
	return s
}

// flag reads a bool of o; what is no bool is not there.
func flag(o *unstructured.Unstructured, path ...string) bool {
	b, _, _ := unstructured.NestedBool(o.Object, path...)
	return b
}

// pairs reads a map of strings of o, or nil.
func pairs(o *unstructured.Unstructured, path ...string) labels.Set {
	m, _, _ := unstructured.NestedStringMap(o.Object, path...)
	return m
}

// items reads a list of o, which is not to be changed; what is no list is not there.
func items(o *unstructured.Unstructured, path ...string) []any {
	value, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
	list, _ := value.([]any)
	return list
}

// condition is one entry of status.conditions.
type condition struct {
	Status, Reason, Message, Updated, Turned string
}

// conditionOf reads the condition of that type from o. Its zero value is that there is none.
func conditionOf(o *unstructured.Unstructured, kind string) condition {
	list := items(o, "status", "conditions")
	for _, entry := range list {
		fields, _ := entry.(map[string]any)
		if fields["type"] != kind {
			continue
		}
		read := func(name string) string {
			s, _ := fields[name].(string)
			return s
		}
		return condition{read("status"), read("reason"), read("message"), read("lastUpdateTime"), read("lastTransitionTime")}
	}
	return condition{}
}
