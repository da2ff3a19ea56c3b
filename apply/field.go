package apply

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Field is one field that differs between two versions of an object.
type Field struct {
	Path string `json:"path"` // spec.template.spec.containers[web].image
	// Old and New are the values as JSON writes them, strings without their quotes; nil where the field is not set.
	// Of a Secret's data they say only that there is a value.
	Old *string `json:"old,omitempty"`
	New *string `json:"new,omitempty"`
}

// longest is how many bytes of a value one reads on a line before it is cut.
const longest = 80

// String reads "replicas 1 → 3": the path without the spec that leads to it, and both values.
func (f Field) String() string {
	path := strings.TrimPrefix(f.Path, "spec.template.spec.")
	path = strings.TrimPrefix(path, "spec.")
	switch {
	case f.Old == nil:
		return path + " set to " + *f.New
	case f.New == nil:
		return path + " removed (was " + *f.Old + ")"
	default:
		return path + " " + *f.Old + " → " + *f.New
	}
}

// Diff returns the fields in which before and after differ, sorted by path. The status, and what the API server keeps
// its own books with (managedFields, resourceVersion, generation, ...), are left out; either may be nil.
func Diff(before, after *unstructured.Unstructured) []Field {
	was, is := leaves(before), leaves(after)
	paths := maps.Clone(was)
	maps.Copy(paths, is)
	return differing(paths, was, is)
}

// Progress returns the fields in which an object that was applied as previous, and then as desired, has become after:
// those that either manifest names, sorted by path. Of a field that previous does not name it is not known what it was.
func Progress(previous, desired, after *unstructured.Unstructured) []Field {
	was, is := leaves(previous), leaves(after)
	paths := maps.Clone(was)
	maps.Copy(paths, leaves(desired))
	return differing(paths, was, is)
}

func differing(paths, was, is map[string]any) []Field {
	var fields []Field
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		if f, differs := compare(path, was, is); differs {
			fields = append(fields, f)
		}
	}
	return fields
}

func compare(path string, before, after map[string]any) (Field, bool) {
	oldValue, had := before[path]
	newValue, has := after[path]
	if had == has && reflect.DeepEqual(oldValue, newValue) {
		return Field{}, false
	}
	f := Field{Path: path}
	switch {
	case !has:
		f.Old = text(oldValue)
	case !had:
		f.New = text(newValue)
	default:
		was, is := window(whole(oldValue), whole(newValue))
		f.Old, f.New = &was, &is
	}
	return f, true
}

// text is the value as one reads it on a line.
func text(value any) *string {
	s := cut(whole(value))
	return &s
}

func whole(value any) string {
	s, isString := value.(string)
	if _, secret := value.(masked); secret {
		s = stars
	} else if !isString {
		b, err := json.Marshal(value)
		if err != nil {
			b = fmt.Append(nil, value)
		}
		s = string(b)
	} else if quoted := strconv.Quote(s); s == "" || quoted[1:len(quoted)-1] != s {
		s = quoted // control characters would move the cursor of whoever reads this
	}
	return s
}
