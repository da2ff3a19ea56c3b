package manifest

import (
	"cmp"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/resource"
	"sigs.k8s.io/kustomize/api/types"
)

// source notes where a file's objects are, and reports those that kustomize would not take: its own words show them.
func (b *build) source(d document, root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		b.notAnObject(d, root)
		return
	}
	value, problem := d.value(root)
	if problem != nil {
		b.report(*problem)
		return
	}
	b.sourceObject(d, root, value)
}

func (b *build) sourceObject(d document, n *yaml.Node, value any) {
	m, ok := value.(map[string]any)
	if !ok {
		b.report(d.fail(n.Line, "", "want an object, this is %s", a(value)))
		return
	}
	if items, ok := listItems(m); ok {
		b.eachItem(d, n, m, items, b.sourceObject)
		return
	}
	c := check{doc: d, node: n, value: m}
	c.apiVersion()
	c.kind()
	metadata, ok := m["metadata"].(map[string]any)
	if !ok {
		c.metadata()
	} else if _, there := metadata["generateName"]; there {
		c.name(metadata)
	} else {
		c.text(metadata, "metadata", "name")
	}
	for _, problem := range c.problems {
		b.report(problem)
	}
	s := source{line: d.line + n.Line - 1, document: d.number}
	s.apiVersion, _ = m["apiVersion"].(string)
	s.kind, _ = m["kind"].(string)
	s.name, _ = metadata["name"].(string)
	s.namespace, _ = metadata["namespace"].(string)
	b.sources[d.file] = append(b.sources[d.file], s)
}

// take adds what kustomize made, as if it stood where it comes from.
func (b *build) take(top *layer, made resmap.ResMap) error {
	keep := slices.Contains(top.BuildMetadata, types.OriginAnnotations)
	for _, res := range made.Resources() {
		if b.full {
			break
		}
		file, from := b.origin(top, res)
		if !keep {
			if err := res.SetOrigin(nil); err != nil {
				return err
			}
		}
		text, err := res.MarshalJSON()
		if err != nil {
			b.report(Error{File: file, Line: from.line, Message: "kustomize makes something of it that JSON cannot hold"})
			continue
		}
		d := document{file: file, number: from.document, line: from.line, text: text, root: unplaced(res.YNode(), MaxDepth+1)}
		if root, ok := b.parse(d); ok {
			b.value(d, root)
		}
	}
	slices.SortStableFunc(b.set.Manifests, func(a, b Manifest) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return nil
}

// origin returns the file that an object comes from, and the object in it that it was made of.
func (b *build) origin(top *layer, res *resource.Resource) (string, source) {
	origin, err := res.GetOrigin()
	if err != nil || origin == nil { // a patch may take the annotation away
		return top.file, source{line: 1, document: 1}
	}
	if file := path.Join(top.folder(), origin.Path); len(b.sources[file]) > 0 {
		return file, closest(b.sources[file], res)
	}
	if l := b.layers[path.Dir(path.Join(top.folder(), origin.ConfiguredIn))]; l != nil {
		return l.file, l.generator(res.GetName())
	}
	return top.file, source{line: 1, document: 1}
}

// closest returns the source that an object was most likely made of: the one of its name, or of the longest part of it.
func closest(sources []source, res *resource.Resource) source {
	best, most := sources[0], -1
	for _, s := range sources {
		score := 0
		if s.kind == res.GetKind() && s.apiVersion == res.GetApiVersion() {
			score = 1
			if strings.Contains(res.GetName(), s.name) {
				score = 2 + 2*len(s.name)
			}
			if s.namespace == res.GetNamespace() {
				score++
			}
		}
		if score > most {
			best, most = s, score
		}
	}
	return best
}

// generator returns where the generator stands that made an object of this name.
func (l *layer) generator(name string) source {
	best, line := "", 1
	for _, key := range []string{"configMapGenerator", "secretGenerator"} {
		list := field(l.root, key)
		if list == nil {
			continue
		}
		for _, item := range list.Content {
			n := field(item, "name")
			if n != nil && len(n.Value) >= len(best) && strings.Contains(name, n.Value) {
				best, line = n.Value, item.Line
			}
		}
	}
	return source{line: line, document: 1}
}

// unplaced copies a tree that kustomize made, for the checks: lines mean nothing in it, and tags are not always set.
func unplaced(n *yaml.Node, depth int) *yaml.Node {
	for n.Kind == yaml.AliasNode || n.Kind == yaml.DocumentNode && len(n.Content) == 1 {
		if n.Kind == yaml.AliasNode {
			n = n.Alias
		} else {
			n = n.Content[0]
		}
	}
	c := &yaml.Node{Kind: n.Kind, Style: n.Style &^ yaml.TaggedStyle, Tag: n.ShortTag(), Value: n.Value, Line: 1}
	if depth == 0 {
		return c // too deep already, and reported so
	}
	for _, child := range n.Content {
		c.Content = append(c.Content, unplaced(child, depth-1))
	}
	return c
}
