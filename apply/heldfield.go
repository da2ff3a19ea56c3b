package apply

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// names reports whether manifest has the field at path, written as the API server writes it in a conflict:
// .spec.template.spec.containers[name="web"].image. A path that cannot be followed is one that the manifest does not have.
func names(manifest *unstructured.Unstructured, path string) bool {
	return reaches(manifest.Object, path)
}

// reaches follows path into value. Names of fields are not quoted in it and may have dots, so every key that it may begin
// with is tried.
func reaches(value any, path string) bool {
	if path == "" {
		return true
	}
	switch value := value.(type) {
	case map[string]any:
		for key, inner := range value {
			rest, begins := strings.CutPrefix(path, "."+key)
			if begins && (rest == "" || rest[0] == '.' || rest[0] == '[') && reaches(inner, rest) {
				return true
			}
		}
	case []any:
		for at, inner := range value {
			if rest, is := member(inner, at, path); is && reaches(inner, rest) {
				return true
			}
		}
	}
	return false
}

// The three ways to name a member of a list: by its keys [containerPort=80,protocol="TCP"], by its value [="x"], by its
// place [3]. They are those of fieldpath.PathElement of structured-merge-diff.
var (
	keyed   = regexp.MustCompile(`^\[((?:[^="\]]+=(?:"(?:[^"\\]|\\.)*"|[^,"\]]+),?)+)\]`)
	pair    = regexp.MustCompile(`([^=",]+)=("(?:[^"\\]|\\.)*"|[^,"]+)`)
	valued  = regexp.MustCompile(`^\[=("(?:[^"\\]|\\.)*"|[^"\]]+)\]`)
	indexed = regexp.MustCompile(`^\[(\d+)\]`)
)

// member reports whether path begins with the name of that member of a list, and returns what follows.
func member(inner any, at int, path string) (rest string, is bool) {
	if found := keyed.FindStringSubmatch(path); found != nil {
		return path[len(found[0]):], hasKeys(inner, found[1])
	}
	if found := valued.FindStringSubmatch(path); found != nil {
		return path[len(found[0]):], written(inner) == found[1]
	}
	found := indexed.FindStringSubmatch(path)
	return strings.TrimPrefix(path, "["+strconv.Itoa(at)+"]"), found != nil && found[1] == strconv.Itoa(at)
}

// hasKeys reports whether a member of a list has all of those keys. One that a manifest leaves out has its default.
func hasKeys(inner any, keys string) bool {
	fields, isMap := inner.(map[string]any)
	for _, key := range pair.FindAllStringSubmatch(keys, -1) {
		if value, given := fields[key[1]]; given && written(value) != key[2] {
			return false
		}
	}
	return isMap
}

func written(value any) string {
	if text, isText := value.(string); isText {
		return strconv.Quote(text)
	}
	return fmt.Sprint(value)
}
