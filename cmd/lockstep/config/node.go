package config

import "go.yaml.in/yaml/v3"

// resolve returns what an alias stands for.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isMap(n *yaml.Node) bool  { return n.Kind == yaml.MappingNode && n.Tag == "!!map" }
func isList(n *yaml.Node) bool { return n.Kind == yaml.SequenceNode && n.Tag == "!!seq" }
func isText(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!str" }

// a names the type of a node in YAML's words.
func a(n *yaml.Node) string {
	switch n.Tag {
	case "!!map":
		return "a map"
	case "!!seq":
		return "a list"
	case "!!str":
		return "a text"
	case "!!bool":
		return "a boolean"
	case "!!int", "!!float":
		return "a number"
	case "!!null":
		return "null"
	case "!!timestamp":
		return "a date"
	}
	return "a value with a tag (!name)"
}
