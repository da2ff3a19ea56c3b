package manifest

import (
	"strconv"

	"go.yaml.in/yaml/v3"
)

// keysAsWritten says whether every key of the tree is in the value under its own text, and reports those that are not:
// YAML 1.1 takes a bare on, no or 0644 as a boolean or a number, and kubectl then writes "true", "false" or "420".
func (r *reader) keysAsWritten(d document, n *yaml.Node, value any) bool {
	switch value := value.(type) {
	case map[string]any:
		return r.mapKeys(d, n, value)
	case []any:
		if n.Kind != yaml.SequenceNode || len(n.Content) != len(value) {
			return true // an alias: checked where it is anchored
		}
		ok := true
		for i, item := range value {
			ok = r.keysAsWritten(d, n.Content[i], item) && ok
		}
		return ok
	}
	return true
}

func (r *reader) mapKeys(d document, n *yaml.Node, value map[string]any) bool {
	ok := true
	for i := 0; n.Kind == yaml.MappingNode && i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Tag == "!!merge" {
			continue
		}
		child, found := value[key.Value]
		if !found {
			r.report(d.fail(key.Line, "", "the key %s is no text to YAML; quote it", strconv.Quote(shorten(key.Value, 100))))
			ok = false
			continue
		}
		ok = r.keysAsWritten(d, n.Content[i+1], child) && ok
	}
	return ok
}

// field returns the node of a key's value in n, nil when there is none; merged keys are not looked for.
func field(n *yaml.Node, key string) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
