package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// splitJSON reads the documents of a JSON file, which stand one after the other. The tree of each is made of the nodes that
// YAML has, so that both are checked by the same code; YAML's parser itself refuses some of what JSON allows.
func (r *reader) splitJSON(file string, text []byte) []document {
	if introducersJSON(text) > MaxNodes {
		r.report(Error{File: file, Message: fmt.Sprintf("more than %d keys and values in one JSON file", MaxNodes)})
		return nil
	}
	if line, message := junk(text); line > 0 {
		r.report(Error{File: file, Line: line, Message: message})
		return nil
	}
	b := builder{text: text, dec: json.NewDecoder(bytes.NewReader(text)), line: 1}
	b.dec.UseNumber()
	var docs []document
	for len(docs) <= MaxObjects {
		start := b.start()
		if start == len(text) {
			break
		}
		d := document{file: file, number: len(docs) + 1, line: b.line}
		b.first = b.line
		root, err := b.next(1)
		if err != nil {
			r.report(d.fail(b.line-d.line+1, "", "%s", jsonCause(err)))
			break
		}
		d.text, d.root = text[start:b.dec.InputOffset()], root
		docs = append(docs, d)
	}
	return docs
}

// builder makes nodes of JSON's tokens. It goes no deeper than MaxDepth.
type builder struct {
	text  []byte
	dec   *json.Decoder
	at    int // offset up to which lines were counted
	line  int
	first int // line at which the document begins; its nodes count from there
}

var errDepth = fmt.Errorf("nested more than %d deep", MaxDepth)

// start moves to the next document and returns where it begins.
func (b *builder) start() int {
	at := int(b.dec.InputOffset())
	for at < len(b.text) && bytes.IndexByte([]byte(" \t\r\n"), b.text[at]) >= 0 {
		at++
	}
	b.countTo(at)
	return at
}

func (b *builder) countTo(at int) {
	b.line += bytes.Count(b.text[b.at:at], []byte("\n"))
	b.at = at
}

// next builds the value that begins with the next token.
func (b *builder) next(depth int) (*yaml.Node, error) {
	if depth > MaxDepth {
		return nil, errDepth
	}
	token, err := b.dec.Token()
	b.countTo(int(b.dec.InputOffset()))
	if err != nil {
		return nil, err
	}
	n := &yaml.Node{Kind: yaml.ScalarNode, Line: b.line - b.first + 1}
	switch t := token.(type) {
	case json.Delim:
		return n, b.collect(n, t, depth)
	case string:
		n.Tag, n.Value, n.Style = "!!str", t, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = "!!float", t.String()
	case bool:
		n.Tag = "!!bool"
	default:
		n.Tag = "!!null"
	}
	return n, nil
}

// collect builds what is inside of an object or array.
func (b *builder) collect(n *yaml.Node, delim json.Delim, depth int) error {
	n.Kind, n.Tag = yaml.MappingNode, "!!map"
	if delim == '[' {
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
	}
	for b.dec.More() {
		child, err := b.next(depth + 1)
		if err != nil {
			return err
		}
		n.Content = append(n.Content, child)
	}
	_, err := b.dec.Token()
	b.countTo(int(b.dec.InputOffset()))
	return err
}

// jsonCause says what is wrong in words that quote no more of the text than one character.
func jsonCause(err error) string {
	var syntax *json.SyntaxError
	switch {
	case errors.Is(err, errDepth):
		return err.Error()
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return "not valid JSON: it ends in the middle of a document"
	case errors.As(err, &syntax):
		return "not valid JSON: " + syntax.Error()
	}
	return "not valid JSON"
}
