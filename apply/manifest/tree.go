package manifest

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

// cost is what a tree comes to once its aliases are written out.
type cost struct {
	nodes int
	bytes int // of keys and values, and two for each as the least that JSON takes
}

func (c *cost) add(other cost) { c.nodes += other.nodes; c.bytes += other.bytes }

// checker walks the tree of one document.
type checker struct {
	doc  document
	done map[*yaml.Node]measure
}

// measure is what is known of an anchored node, to count its aliases by. It is zero while the node is still open.
type measure struct {
	cost
	height int
}

// sound says whether the tree may be turned into values: not too deep, not too large, each key a text that is there once.
// Otherwise it reports why not.
func (r *reader) sound(d document, root *yaml.Node) bool {
	c := checker{doc: d, done: map[*yaml.Node]measure{}}
	before := len(r.problems)
	m := c.walk(r, root, 1)
	if len(r.problems) > before {
		return false
	}
	r.cost.add(m.cost)
	if r.cost.nodes > MaxAllNodes || r.cost.bytes > MaxSize {
		r.stop(c.doc.fail(root.Line, "", "more than %d keys and values, or %d bytes of them, in all", MaxAllNodes, MaxSize))
		return false
	}
	return true
}

// walk measures n and what is below it. After a problem that makes the rest pointless the measure is over the limits.
func (c *checker) walk(r *reader, n *yaml.Node, depth int) measure {
	if depth > MaxDepth {
		return c.stop(r, n, "nested more than %d deep", MaxDepth)
	}
	if n.Kind == yaml.AliasNode {
		return c.alias(r, n, depth)
	}
	if n.Anchor != "" {
		c.done[n] = measure{}
	}
	m := measure{cost: cost{nodes: 1, bytes: len(n.Value) + 2}, height: 1}
	if !plainTag(n) {
		return c.stop(r, n, "a tag (!name) is not allowed here; quote text that begins with !")
	}
	switch n.Kind {
	case yaml.MappingNode:
		c.keys(r, n)
		c.merges(r, n)
	case yaml.ScalarNode:
		c.scalar(r, n)
		c.number(r, n)
	}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Kind != yaml.ScalarNode {
			continue // reported as a key
		}
		below := c.walk(r, child, depth+1)
		m.add(below.cost)
		m.height = max(m.height, below.height+1)
		if m.nodes > MaxNodes || m.bytes > MaxFileSize {
			return c.stopOnce(r, below, child)
		}
	}
	if n.Anchor != "" {
		c.done[n] = m
	}
	return m
}

// tooLarge is the measure of what was reported already.
func tooLarge() measure { return measure{cost: cost{nodes: MaxNodes + 1}} }

func (c *checker) stop(r *reader, n *yaml.Node, format string, args ...any) measure {
	r.report(c.doc.fail(n.Line, "", "%s", fmt.Sprintf(format, args...)))
	return tooLarge()
}

// stopOnce reports that a document is too large, unless what made it so was reported below.
func (c *checker) stopOnce(r *reader, below measure, n *yaml.Node) measure {
	if below.nodes > MaxNodes {
		return below
	}
	return c.stop(r, n, "more than %d keys and values, or %d bytes of them, in one document", MaxNodes, MaxFileSize)
}

// alias counts what an alias repeats as often as it is repeated.
func (c *checker) alias(r *reader, n *yaml.Node, depth int) measure {
	m, ok := c.done[n.Alias]
	switch {
	case !ok || m.nodes == 0:
		return c.stop(r, n, "an alias inside of what it stands for")
	case depth+m.height-1 > MaxDepth:
		return c.stop(r, n, "nested more than %d deep", MaxDepth)
	}
	return m
}

// plainTag says whether a tag is one of JSON's types, written out or not. Others make kubectl fail, or change the value.
func plainTag(n *yaml.Node) bool {
	switch n.Tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!null", "!!map", "!!seq", "!!timestamp", "!!merge":
		return n.Tag == "!!merge" || n.Style&yaml.TaggedStyle == 0 || n.Tag == "!!str"
	}
	return false
}

// scalar reports a template in quotes. In a block scalar it is left alone, as that may be a chart's own text.
func (c *checker) scalar(r *reader, n *yaml.Node) {
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 && helm.MatchString(n.Value) {
		r.report(c.doc.fail(n.Line, "", templateLeft))
	}
}

// keys reports keys that are no text and keys that are there twice.
func (c *checker) keys(r *reader, n *yaml.Node) {
	first := make(map[string]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if key.Kind != yaml.ScalarNode {
			r.report(c.doc.fail(key.Line, "", "%s", complexKey(key)))
			continue
		}
		if line, ok := first[key.Value]; ok {
			r.report(c.doc.fail(key.Line, "", "duplicate key %q, first on line %d", shorten(key.Value, 100), c.doc.line+line-1))
			continue
		}
		first[key.Value] = key.Line
	}
}

// merges reports what << cannot merge.
func (c *checker) merges(r *reader, n *yaml.Node) {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Tag == "!!merge" && !mergeable(n.Content[i+1]) {
			r.report(c.doc.fail(n.Content[i].Line, "", "<< wants a map, or a list of maps"))
		}
	}
}

func mergeable(n *yaml.Node) bool {
	isMap := func(n *yaml.Node) bool {
		return n.Kind == yaml.MappingNode || n.Kind == yaml.AliasNode && n.Alias.Kind == yaml.MappingNode
	}
	if n.Kind == yaml.AliasNode && n.Alias.Kind == yaml.SequenceNode {
		n = n.Alias
	}
	return isMap(n) || n.Kind == yaml.SequenceNode && !slices.ContainsFunc(n.Content, func(n *yaml.Node) bool { return !isMap(n) })
}

// complexKey says what a map or list as a key most likely is: {{ .Values.name }} without quotes reads as one.
func complexKey(key *yaml.Node) string {
	if key.Kind == yaml.MappingNode && key.Style&yaml.FlowStyle != 0 {
		return templateLeft
	}
	return "a key must be text"
}
