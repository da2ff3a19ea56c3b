package manifest

import (
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/api/validate/content"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
)

// check finds what is wrong with one object. No message quotes a value but the object's own name and type.
type check struct {
	doc      document
	node     *yaml.Node
	value    map[string]any
	problems []Error
}

// fail reports a field, at its own line or at that of the nearest field around it.
func (c *check) fail(message string, fields ...string) {
	at := c.node
	for _, name := range fields {
		below := field(at, name)
		if below == nil {
			break
		}
		at = below
	}
	c.problems = append(c.problems, c.doc.fail(at.Line, strings.Join(fields, "."), "%s", message))
}

func (c *check) all() {
	c.apiVersion()
	c.kind()
	metadata, ok := c.value["metadata"].(map[string]any)
	if !ok {
		c.metadata()
		return
	}
	c.name(metadata)
	c.namespace(metadata)
	c.labels(metadata)
	c.stringMap(metadata["annotations"], "metadata", "annotations")
	c.replicas()
	if isKind(c.value, "Secret") {
		c.secret()
	}
	if isKind(c.value, "ConfigMap") {
		c.stringMap(c.value["data"], "data")
	}
}

func (c *check) apiVersion() {
	text, ok := c.text(c.value, "apiVersion")
	if !ok {
		return
	}
	group, version, found := strings.Cut(text, "/")
	if !found {
		group, version = "", text
	}
	if found && len(utilvalidation.IsDNS1123Subdomain(group)) > 0 || len(utilvalidation.IsDNS1035Label(version)) > 0 {
		c.fail("want group/version or version, as apps/v1", "apiVersion")
		return
	}
	if group == "kustomize.config.k8s.io" {
		c.fail("a kustomization that kustomize does not see; call its file kustomization.yaml", "apiVersion")
	}
}

func (c *check) kind() {
	text, ok := c.text(c.value, "kind")
	if ok && len(utilvalidation.IsDNS1035Label(strings.ToLower(text))) > 0 {
		c.fail("want letters and digits, as Deployment", "kind")
	}
}

// text returns the last of fields in m, which must be there as a text that is not empty.
func (c *check) text(m map[string]any, fields ...string) (string, bool) {
	value := m[fields[len(fields)-1]]
	text, ok := value.(string)
	switch {
	case value == nil || text == "" && ok:
		c.fail("missing", fields...)
	case !ok:
		c.fail("want a text, this is "+a(value)+quoteIt(value), fields...)
	}
	return text, text != ""
}

// quoteIt is what to do about a value that YAML took for something else than the text that it is, as a name of y.
func quoteIt(value any) string {
	switch value.(type) {
	case map[string]any, []any:
		return ""
	}
	return "; quote it"
}

func (c *check) metadata() {
	if value, there := c.value["metadata"]; there && value != nil {
		c.fail("want a map, this is "+a(value), "metadata")
		return
	}
	c.fail("missing", "metadata", "name")
}

func (c *check) name(metadata map[string]any) {
	if _, there := metadata["generateName"]; there {
		c.fail("not allowed: each run would make a new object; write a name", "metadata", "generateName")
		return
	}
	name, ok := c.text(metadata, "metadata", "name")
	if !ok {
		return
	}
	wrong := content.IsPathSegmentName(name)
	if c.plainNames() {
		wrong = utilvalidation.IsDNS1123Subdomain(name)
	} else if len(name) > utilvalidation.DNS1123SubdomainMaxLength {
		wrong = append(wrong, "too long")
	}
	if len(wrong) > 0 {
		c.fail("not a valid name: "+wrong[0], "metadata", "name")
	}
}

// plainNames says whether the API server takes only DNS names for the object. Roles have colons in theirs, and what the
// servers of others allow is theirs to say.
func (c *check) plainNames() bool {
	version, _ := c.value["apiVersion"].(string)
	group, _, found := strings.Cut(version, "/")
	if !found {
		return true
	}
	switch group {
	case "apps", "batch", "autoscaling", "policy":
		return true
	}
	return strings.HasSuffix(group, ".k8s.io") && group != "rbac.authorization.k8s.io"
}

func (c *check) namespace(metadata map[string]any) {
	value, there := metadata["namespace"]
	namespace, ok := value.(string)
	switch {
	case !there || value == nil || ok && namespace == "":
	case !ok:
		c.fail("want a text, this is "+a(value)+quoteIt(value), "metadata", "namespace")
	case len(utilvalidation.IsDNS1123Label(namespace)) > 0:
		c.fail("not a valid namespace: "+utilvalidation.IsDNS1123Label(namespace)[0], "metadata", "namespace")
	}
}

func (c *check) labels(metadata map[string]any) {
	labels := c.stringMap(metadata["labels"], "metadata", "labels")
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		value, _ := labels[key].(string)
		if len(utilvalidation.IsQualifiedName(key)) > 0 {
			c.fail("not a valid label", "metadata", "labels", key)
		} else if len(utilvalidation.IsValidLabelValue(value)) > 0 {
			c.fail("not a valid value of a label: at most 63 letters, digits, '-', '_' or '.'", "metadata", "labels", key)
		}
	}
}

// stringMap reports values that are no text, and returns the map; null and a missing one are an empty map.
func (c *check) stringMap(value any, fields ...string) map[string]any {
	m, ok := value.(map[string]any)
	if !ok && value != nil {
		c.fail("want a map, this is "+a(value), fields...)
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if _, ok := m[key].(string); !ok {
			c.fail("want a text, this is "+a(m[key])+quoteIt(m[key]), append(slices.Clone(fields), key)...)
		}
	}
	return m
}

// secret checks the values of a Secret, and keeps them to itself.
func (c *check) secret() {
	c.stringMap(c.value["stringData"], "stringData")
	data := c.stringMap(c.value["data"], "data")
	for _, key := range slices.Sorted(maps.Keys(data)) {
		text, _ := data[key].(string)
		if _, err := base64.StdEncoding.DecodeString(text); err != nil {
			c.fail("not base64; plain text goes under stringData", "data", key)
		}
	}
}
