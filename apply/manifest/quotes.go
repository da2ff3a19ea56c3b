package manifest

import "go.yaml.in/yaml/v3"

// quotes remembers how texts that are one variable stood in what kustomize read. It writes an object anew that it puts a JSON
// patch on, and all of its quotes are gone then.
type quotes map[quotedAs]bool

// quotedAs is a text under a key, the way it was written.
type quotedAs struct {
	key, text string
	quoted    bool
}

func (q quotes) note(n *yaml.Node, key string) {
	switch n.Kind {
	case yaml.ScalarNode:
		if oneVariable(n.Value) {
			q[quotedAs{key, n.Value, n.Style != 0}] = true
		}
	case yaml.SequenceNode:
		for _, child := range n.Content {
			q.note(child, key)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			q.note(n.Content[i+1], n.Content[i].Value)
		}
	}
}

// always says whether the text was quoted wherever it stood under the key.
func (q quotes) always(key, text string) bool {
	return q[quotedAs{key, text, true}] && !q[quotedAs{key, text, false}]
}
