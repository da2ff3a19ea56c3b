package apply

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// bookkeeping are the parts of an object that are the API server's or the controllers' own, never a manifest's.
var bookkeeping = [][]string{
	{"status"},
	{"metadata", "managedFields"},
	{"metadata", "resourceVersion"},
	{"metadata", "generation"},
	{"metadata", "uid"},
	{"metadata", "creationTimestamp"},
	{"metadata", "selfLink"},
	{"metadata", "annotations", "deployment.kubernetes.io/revision"},
	{"metadata", "annotations", lastApplied}, // a whole manifest, a Secret's values included
}

// leaves maps the path of every value of o that is no map to that value. Members of a list that have a name go by it
// (containers[web]), others by their index, and a list of plain values is one value.
func leaves(o *unstructured.Unstructured) map[string]any {
	all := map[string]any{}
	if o == nil {
		return all
	}
	content := shallow(o)
	for _, path := range bookkeeping {
		unstructured.RemoveNestedField(content.Object, path...)
	}
	mask(content)
	flatten("", content.Object, all)
	return all
}

// shallow copies of o what bookkeeping and mask change, and shares the rest: a thousand apps are compared at once.
func shallow(o *unstructured.Unstructured) *unstructured.Unstructured {
	if isSecret(o) {
		return o.DeepCopy()
	}
	content := maps.Clone(o.Object)
	if metadata, ok := content["metadata"].(map[string]any); ok {
		metadata = maps.Clone(metadata)
		content["metadata"] = metadata
		if annotations, ok := metadata["annotations"].(map[string]any); ok {
			metadata["annotations"] = maps.Clone(annotations)
		}
	}
	return &unstructured.Unstructured{Object: content}
}

func flatten(path string, value any, all map[string]any) {
	switch v := value.(type) {
	case map[string]any:
		for key, member := range v {
			flatten(join(path, key), member, all)
		}
	case []any:
		flattenList(path, v, all)
	default:
		all[path] = value
	}
}

func flattenList(path string, list []any, all map[string]any) {
	for i, member := range list {
		m, isMap := member.(map[string]any)
		if !isMap {
			all[path] = list
			return
		}
		flatten(path+"["+memberKey(i, m)+"]", m, all)
	}
}

// memberKey is what a member of a list goes by.
func memberKey(at int, member map[string]any) string {
	if name, ok := member["name"].(string); ok {
		return name
	}
	return strconv.Itoa(at)
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// mask replaces the values of a Secret by their digests, so that a diff can tell whether two are equal and show
// neither.
func mask(o *unstructured.Unstructured) {
	if !isSecret(o) {
		return
	}
	for _, section := range []string{"data", "stringData"} {
		values, _, _ := unstructured.NestedMap(o.Object, section)
		for key, value := range values {
			values[key] = masked{digest(value)}
		}
		if values != nil {
			o.Object[section] = map[string]any(values)
		}
	}
}

func isSecret(o *unstructured.Unstructured) bool {
	return o.GetKind() == "Secret" && o.GroupVersionKind().Group == ""
}

// encoded returns a Secret with its stringData where the API server puts it, and any other object as it is.
func encoded(o *unstructured.Unstructured) *unstructured.Unstructured {
	plain, _, _ := unstructured.NestedStringMap(o.Object, "stringData")
	if !isSecret(o) || len(plain) == 0 {
		return o
	}
	o = o.DeepCopy()
	unstructured.RemoveNestedField(o.Object, "stringData")
	for key, value := range plain {
		_ = unstructured.SetNestedField(o.Object, base64.StdEncoding.EncodeToString([]byte(value)), "data", key)
	}
	return o
}

// stars are shown in place of a secret value.
const stars = "***"

// masked is a value that prints as stars and compares by its digest, from which a short secret could be guessed.
type masked struct{ digest string }

// digest is the SHA-256 of the value's JSON, in hex. JSON of a map is written in the order of its keys, so equal values
// have equal digests.
func digest(value any) string {
	b, err := json.Marshal(value)
	if err != nil {
		return "" // values of an unstructured object come from JSON and go back to it
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
