package manifest

import (
	"bytes"
	"errors"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// parseYAML returns the root of the document, nil when it has no content. Lines of nodes count from d.line.
func (d document) parseYAML() (*yaml.Node, *Error) {
	if nodes := estimate(d.text); nodes > MaxNodes {
		problem := d.fail(1, "", "more than %d keys and values in one document", MaxNodes)
		return nil, &problem
	}
	root, err := compose(d.text)
	switch {
	case err == nil:
		return root, nil
	case errors.Is(err, errSecondDocument):
		problem := d.fail(1, "", "line breaks other than LF and CRLF")
		return nil, &problem
	}
	problem := d.explain(err)
	return nil, &problem
}

var (
	errSecondDocument = errors.New("a second document")
	errParser         = errors.New("yaml: the parser gave up")
)

// compose builds the tree of text, which must be one document. The parser bounds its own depth at 10,000.
func compose(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if recover() != nil { // the parser panics on states that it deems impossible
			root, err = nil, errParser
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			err = nil
		}
		return nil, err
	}
	if err := dec.Decode(&second); err == nil {
		return nil, errSecondDocument
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return doc.Content[0], nil
}

// explain says what is wrong with a document that is no YAML, and where, in words for the author of the manifest.
func (d document) explain(err error) Error {
	line := yamlLine(err, 1)
	cause := yamlCause(err)
	if strings.HasPrefix(cause, "did not find expected") || strings.HasPrefix(cause, "unknown anchor") {
		line = d.firstBroken(cause)
	}
	if at := firstTemplate(d.text); at > 0 && at <= line+1 {
		return d.fail(at, "", templateLeft)
	}
	if at := firstTab(d.text, line); at > 0 {
		return d.fail(at, "", "a tab is used to indent; YAML allows only spaces")
	}
	return d.fail(line, "", "not valid YAML: %s", plainCause(cause))
}

// firstBroken returns the line at which the parser meets the cause. The line in its error is where the surrounding map or
// list began, often far above, so it is asked again with ever less of the text.
func (d document) firstBroken(cause string) int {
	var ends []int
	for at := 0; at < len(d.text); {
		at = lineEnd(d.text, at)
		ends = append(ends, at)
	}
	n := sort.Search(len(ends), func(i int) bool {
		_, err := compose(d.text[:ends[i]])
		return err != nil && yamlCause(err) == cause
	})
	return min(n+1, len(ends))
}

var lineOf = regexp.MustCompile(`line (\d+): `)

// yamlLine returns the line that a YAML library's error names, or other.
func yamlLine(err error, other int) int {
	found := lineOf.FindStringSubmatch(err.Error())
	if found == nil {
		return other
	}
	line, _ := strconv.Atoi(found[1]) // the expression allows digits alone
	return line
}

func yamlCause(err error) string {
	cause := strings.TrimPrefix(err.Error(), "yaml: ")
	return lineOf.ReplaceAllString(cause, "")
}

// plainCause returns the library's words where they are known to quote nothing of the text, which may be a Secret.
func plainCause(cause string) string {
	switch {
	case cause == "found incompatible YAML document":
		return "a %YAML directive that is not %YAML 1.1; leave it out"
	case strings.HasPrefix(cause, "unknown anchor"):
		return "an alias (*name) of an anchor that is not there; quote text that begins with *"
	case strings.HasPrefix(cause, "did not find expected"), strings.HasPrefix(cause, "could not find expected"),
		strings.HasPrefix(cause, "mapping values are not allowed"), strings.HasPrefix(cause, "found "),
		strings.HasPrefix(cause, "block "), strings.HasPrefix(cause, "exceeded max depth"):
		return cause
	}
	return "the document cannot be parsed"
}
