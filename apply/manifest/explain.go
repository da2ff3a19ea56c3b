package manifest

import (
	"errors"
	"regexp"
	"strings"
)

// known are kustomize's errors whose words can be told, and what is told of each. What they capture are names, never values.
var known = []struct {
	text  *regexp.Regexp
	field string
	words string
}{
	{regexp.MustCompile(`failed to find unique target for patch ([\w./:\[\]-]+)`), "patches", "a patch is for $1, which is not there once"},
	{regexp.MustCompile(`no (?:resource )?matches for Id ([\w./:\[\]-]+)`), "patches", "$1 is not there"},
	{regexp.MustCompile(`may not add resource with an already registered id: ([\w./:\[\]-]+)`), "resources", "$1 is there twice"},
	{regexp.MustCompile(`doc is missing (?:path|key): "?([\w./~-]+)`), "patches", "a JSON patch does not apply: there is no $1"},
	{regexp.MustCompile(`(\w+) operation does not apply`), "patches", "a JSON patch does not apply: $1"},
	{regexp.MustCompile(`unable to parse SM or JSON patch`), "patches", "a patch is neither an object with kind and name nor a list of operations"},
	{regexp.MustCompile(`must specify one of patch and path`), "patches", "a patch without path or patch"},
	{regexp.MustCompile(`patch and path can't be set at the same time`), "patches", "a patch with both path and patch"},
	{regexp.MustCompile(`illegally repeats the key`), "", "a generator has a key twice"},
	{regexp.MustCompile(`does not exist; cannot merge or replace`), "", "a generator is to merge with or replace what is not there"},
	{regexp.MustCompile(`behavior must be merge or replace`), "", "a generator makes what is there already; its behavior must be merge or replace"},
	{regexp.MustCompile(`namespace transformation produces ID conflict`), "namespace", "two objects become the same one in the namespace"},
	{regexp.MustCompile(`unable to find field "?([\w./\[\]*=-]+)"? in replacement target`), "replacements", "a target has no field $1"},
	{regexp.MustCompile(`fieldPath ["'\x60]([\w./\[\]*=-]+)["'\x60] is missing for replacement source`), "replacements", "a source has no field $1"},
	{regexp.MustCompile(`nothing selected by`), "replacements", "a source is not there"},
	{regexp.MustCompile(`multiple matches for selector`), "replacements", "a source is there more than once"},
	{regexp.MustCompile(`wrong [Nn]ode [Kk]ind for ([\w./-]*)`), "patches", "a map, list or value where another is expected, at $1"},
}

// explain says what kustomize's error is about. It quotes objects, and patches with them, so that its own words are told
// only where nothing in what was read may be a Secret.
func (b *build) explain(err error) Error {
	l := b.culprit()
	e := Error{File: l.file, Line: 1, Document: 1}
	text := strings.Join(strings.Fields(err.Error()), " ")
	for _, k := range known {
		if at := k.text.FindStringSubmatchIndex(text); at != nil {
			words := string(k.text.ExpandString(nil, k.words, text, at))
			return l.fail(k.field, "", "%s", words)
		}
	}
	switch {
	case errors.Is(err, errPanic):
		e.Message = "kustomize cannot render it, and gave up"
	case b.secrets:
		e.Message = "kustomize cannot render it; what it says is left out, as it may hold a Secret's values: run kustomize build " + l.folder()
	default:
		e.Message = "kustomize cannot render it: " + text
	}
	return e
}

// culprit returns the first of the kustomizations, from the bases up, that cannot be rendered. A component cannot be
// rendered by itself.
func (b *build) culprit() *layer {
	last := b.order[len(b.order)-1]
	for _, l := range b.order {
		if l == last || l.Kind == "Component" {
			continue
		}
		if _, err := b.run(l); err != nil {
			return l
		}
	}
	return last
}
