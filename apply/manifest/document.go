package manifest

import (
	"bytes"
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/json"
	kubeyaml "sigs.k8s.io/yaml"
)

// document is the text of one document of a file, not yet parsed unless it is JSON.
type document struct {
	file   string
	number int // 1-based
	line   int // 1-based, of the first line of text
	text   []byte
	root   *yaml.Node // of a JSON document; lines of nodes count from line, as YAML's do
}

// fail returns a problem of the document at a line of its text, 1-based.
func (d document) fail(line int, field, format string, args ...any) Error {
	return Error{File: d.file, Line: d.line + max(line, 1) - 1, Document: d.number, Field: field, Message: fmt.Sprintf(format, args...)}
}

// parse returns the tree of d, or reports what is wrong with it. A document without content is counted, and ok is false.
func (r *reader) parse(d document) (root *yaml.Node, ok bool) {
	if line, message := junk(d.text); line > 0 {
		r.report(d.fail(line, "", "%s", message))
		return nil, false
	}
	root = d.root
	if root == nil {
		var problem *Error
		if root, problem = d.parseYAML(); problem != nil {
			r.report(*problem)
			return nil, false
		}
	}
	if empty(root) {
		r.set.Ignored++
		return nil, false
	}
	if root.Kind == yaml.ScalarNode {
		r.notAnObject(d, root)
		return nil, false
	}
	return root, r.sound(d, root)
}

func (r *reader) notAnObject(d document, root *yaml.Node) {
	r.report(d.fail(root.Line, "", "want an object, this is %s", kindOf(root)))
}

// value adds the objects that the tree of d holds, or reports what is wrong with them.
func (r *reader) value(d document, root *yaml.Node) {
	if root.Kind != yaml.MappingNode {
		r.notAnObject(d, root)
		return
	}
	value, err := d.value(root)
	if err != nil {
		r.report(*err)
		return
	}
	if !r.keysAsWritten(d, root, value) {
		return
	}
	r.objects(d, root, value)
}

// empty says whether a document is nothing but comments or null.
func empty(root *yaml.Node) bool {
	return root == nil || root.Kind == yaml.ScalarNode && root.Tag == "!!null"
}

func kindOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!str":
		return "a text"
	}
	return "a single value"
}

// value returns what kubectl makes of the document. It is called for documents whose tree is sound, so that what is left to
// fail is rare; the libraries' own words are not used, as they quote values.
func (d document) value(root *yaml.Node) (map[string]any, *Error) {
	text := d.text
	if d.root == nil {
		value, _ := plain(root)
		if object, is := value.(map[string]any); is {
			return object, nil
		}
		var err error
		if text, err = kubeyaml.YAMLToJSON(d.text); err != nil {
			problem := d.fail(yamlLine(err, root.Line), "", "%s", valueCause(err))
			return nil, &problem
		}
	}
	value := map[string]any{}
	if err := json.Unmarshal(text, &value); err != nil {
		problem := d.fail(root.Line, "", "a value that JSON cannot hold")
		return nil, &problem
	}
	return value, nil
}

func valueCause(err error) string {
	if strings.Contains(err.Error(), "excessive aliasing") {
		return "aliases repeat too much"
	}
	return "a value that is no YAML 1.1, or that JSON cannot hold"
}

// splitYAML cuts a file at its document markers. A line that begins with one is a marker wherever it stands, also in the
// middle of a quoted text; YAML allows no other reading. So one broken document does not hide the next.
func splitYAML(file string, text []byte) []document {
	var docs []document
	open := false      // more than comments and directives, or a marker, has begun the document
	directive := false // which a document must follow
	start, startLine, line := 0, 1, 1
	cut := func(at, next, nextLine int) {
		if open || directive {
			docs = append(docs, document{file: file, number: len(docs) + 1, line: startLine, text: text[start:at]})
		}
		start, startLine, open, directive = next, nextLine, false, false
	}
	for at := 0; at < len(text) && len(docs) <= MaxObjects; line++ {
		end := lineEnd(text, at)
		content := text[at:end]
		switch {
		case isMarker(content, "...") && isComment(content[3:]): // with more behind it the parser refuses it
			cut(at, end, line+1)
		case isMarker(content, "---"):
			if open {
				cut(at, at, line)
			}
			open = true
		case !open && content[0] == '%':
			directive = true
		case !open:
			open = !isComment(content)
		}
		at = end
	}
	cut(len(text), len(text), line)
	return docs
}

func lineEnd(text []byte, at int) int {
	if i := bytes.IndexByte(text[at:], '\n'); i >= 0 {
		return at + i + 1
	}
	return len(text)
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

// isComment says whether a line holds nothing for the parser. One with YAML's other line breaks in it may.
func isComment(line []byte) bool {
	line = bytes.Trim(line, " \t\r\n")
	return (len(line) == 0 || line[0] == '#') && !bytes.ContainsAny(line, "\r\u0085\u2028\u2029")
}
