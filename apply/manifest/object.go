package manifest

import (
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// ServerSet are the fields of metadata that only a server sets. They are dropped from what is read, as status is.
func ServerSet() []string {
	return []string{
		"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields",
		"resourceVersion", "selfLink", "uid",
	}
}

// lastApplied is where kubectl apply keeps a whole copy of the object, a Secret's values with it.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// objects adds the objects of one document.
func (r *reader) objects(d document, n *yaml.Node, value any) {
	m, ok := value.(map[string]any)
	if !ok {
		r.report(d.fail(n.Line, "", "want an object, this is %s", a(value)))
		return
	}
	if items, ok := listItems(m); ok {
		r.eachItem(d, n, m, items, r.objects)
		return
	}
	if !r.substitute(d, n, m) {
		return
	}
	c := check{doc: d, node: n, value: m}
	c.all()
	if len(c.problems) > 0 {
		for _, p := range c.problems {
			r.report(p)
		}
		return
	}
	dropServerSet(m)
	o := &unstructured.Unstructured{Object: m}
	r.add(Manifest{Object: o, ID: object.Of(o), File: d.file, Line: d.line + n.Line - 1, Document: d.number})
}

// listItems returns the items of a List, of v1 or of any kind. An object whose kind only ends so has no items at its top.
func listItems(m map[string]any) (any, bool) {
	kind, _ := m["kind"].(string)
	if !strings.HasSuffix(kind, "List") {
		return nil, false
	}
	items, ok := m["items"]
	return items, ok || kind == "List" && m["apiVersion"] == "v1"
}

// eachItem calls take for each object of a List, with its own place in the text.
func (r *reader) eachItem(d document, n *yaml.Node, list map[string]any, value any, take func(document, *yaml.Node, any)) {
	items, ok := value.([]any)
	if !ok && value != nil {
		r.report(d.fail(n.Line, "items", "want a list, this is %s", a(value)))
		return
	}
	if len(items) == 0 {
		r.set.Ignored++
	}
	node := field(n, "items")
	for i, item := range items {
		at := n
		if node != nil && node.Kind == yaml.SequenceNode && len(node.Content) == len(items) {
			at = node.Content[i]
		}
		inherit(list, item)
		take(d, at, item)
	}
}

// inherit gives an item of a typed list, as DeploymentList, the type that the list's kind says, when it has none itself:
// a server leaves it out.
func inherit(list map[string]any, item any) {
	m, ok := item.(map[string]any)
	kind, _ := list["kind"].(string)
	kind = strings.TrimSuffix(kind, "List")
	if !ok || kind == "" || m["kind"] != nil || m["apiVersion"] != nil {
		return
	}
	m["kind"], m["apiVersion"] = kind, list["apiVersion"]
}

func dropServerSet(m map[string]any) {
	delete(m, "status")
	metadata, _ := m["metadata"].(map[string]any)
	for _, name := range ServerSet() {
		delete(metadata, name)
	}
	annotations, _ := metadata["annotations"].(map[string]any)
	delete(annotations, lastApplied)
}

// a names the type of a value in YAML's words.
func a(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case map[string]any:
		return "a map"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return "a boolean"
	}
	return "a number"
}

// isKind says whether an object is of a kind of the core group.
func isKind(m map[string]any, kind string) bool {
	version, _ := m["apiVersion"].(string)
	return m["kind"] == kind && schema.FromAPIVersionAndKind(version, kind).Group == ""
}
