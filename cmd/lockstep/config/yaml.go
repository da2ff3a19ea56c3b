package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/lockstep-dev/lockstep/apply/manifest"
)

var byteOrderMark = []byte("\xef\xbb\xbf")

// compose returns the tree of text, or the first thing that makes it no config at all. What a tree would cost is judged
// before it is built.
func compose(text []byte) (*yaml.Node, *Problem) {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if problem := junk(text); problem != nil {
		return nil, problem
	}
	root, err := decode(text)
	if err != nil {
		return nil, explain(text, err)
	}
	if root == nil {
		return nil, &Problem{Message: "the file is empty"}
	}
	if problem := new(size).add(root, 1); problem != nil {
		return nil, problem
	}
	return root, nil
}

// junk finds what need not be parsed to be refused.
func junk(text []byte) *Problem {
	if len(text) > MaxSize {
		return &Problem{Message: fmt.Sprintf("larger than %d bytes", MaxSize)}
	}
	nodes, line := 0, 0
	for content := range bytes.Lines(text) {
		line++
		if isConflict(content) {
			return &Problem{Line: line, Message: "a merge conflict was left in; resolve it"}
		}
		if !utf8.Valid(content) {
			return &Problem{Line: line, Message: "not UTF-8"}
		}
		nodes += manifest.Introducers(content)
	}
	if nodes > MaxNodes {
		return &Problem{Message: fmt.Sprintf("more than %d keys and values", MaxNodes)}
	}
	return nil
}

func isConflict(line []byte) bool {
	for _, marker := range []string{"<<<<<<<", "|||||||", ">>>>>>>"} {
		rest, ok := bytes.CutPrefix(line, []byte(marker))
		if ok && (len(rest) == 0 || rest[0] <= ' ') {
			return true
		}
	}
	return false
}

var (
	errSecondDocument = errors.New("more than one document")
	errParser         = errors.New("the file cannot be parsed")
)

// decode builds the tree of text, nil when it holds nothing but comments.
func decode(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if recover() != nil { // the parser panics on states that it deems impossible
			root, err = nil, errParser
		}
	}()
	dec := yaml.NewDecoder(bytes.NewReader(text))
	var doc, second yaml.Node
	if err := dec.Decode(&doc); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	if err := dec.Decode(&second); err == nil {
		return nil, errSecondDocument
	} else if !errors.Is(err, io.EOF) {
		return nil, err
	}
	return doc.Content[0], nil
}

// explain says why text is no YAML, and in which line.
func explain(text []byte, err error) *Problem {
	if errors.Is(err, errSecondDocument) {
		return &Problem{Message: "more than one document; a config is one"}
	}
	line, cause := diagnosis(err)
	if strings.HasPrefix(cause, "did not find expected") || strings.HasPrefix(cause, "unknown anchor") {
		line = firstBroken(text, cause)
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	for near := max(line-1, 1); near <= min(line+1, len(lines)); near++ {
		content := lines[near-1]
		if blank := content[:len(content)-len(bytes.TrimLeft(content, " \t"))]; bytes.IndexByte(blank, '\t') >= 0 {
			return &Problem{Line: near, Message: "a tab is used to indent; YAML allows only spaces"}
		}
	}
	return &Problem{Line: line, Message: "not valid YAML: " + plainCause(cause)}
}

// firstBroken returns the line at which the parser meets the cause. The line in its error is where the surrounding map or
// list began, often far above, so it is asked again with ever less of the text.
func firstBroken(text []byte, want string) int {
	lines := bytes.SplitAfter(text, []byte("\n"))
	n := sort.Search(len(lines), func(i int) bool {
		_, err := decode(bytes.Join(lines[:i+1], nil))
		if err == nil {
			return false
		}
		_, cause := diagnosis(err)
		return cause == want
	})
	return min(n+1, len(lines))
}

var lineOf = regexp.MustCompile(`line (\d+): `)

// diagnosis takes an error of the parser apart: the line, 1 when it names none, and the cause.
func diagnosis(err error) (line int, cause string) {
	line, cause = 1, strings.TrimPrefix(err.Error(), "yaml: ")
	if found := lineOf.FindStringSubmatch(cause); found != nil {
		line, _ = strconv.Atoi(found[1]) // the expression allows digits alone
	}
	return max(line, 1), lineOf.ReplaceAllString(cause, "")
}

// plainCause returns the parser's words where they are known to quote nothing of the text.
func plainCause(cause string) string {
	if strings.HasPrefix(cause, "unknown anchor") {
		return "an alias (*name) of an anchor that is not there; quote text that begins with *"
	}
	for _, known := range []string{
		"did not find expected", "could not find expected", "mapping values are not allowed", "found ", "block ",
		"control characters are not allowed", "exceeded max depth",
	} {
		if strings.HasPrefix(cause, known) {
			return cause
		}
	}
	return errParser.Error()
}

// size measures a tree with its aliases written out.
type size struct{ nodes int }

func (s *size) add(n *yaml.Node, depth int) *Problem {
	s.nodes++
	switch {
	case depth > MaxDepth:
		return &Problem{Line: n.Line, Message: fmt.Sprintf("nested more than %d deep", MaxDepth)}
	case s.nodes > MaxNodes:
		return &Problem{Line: n.Line, Message: fmt.Sprintf("more than %d keys and values, aliases written out", MaxNodes)}
	case n.Kind == yaml.AliasNode:
		return s.add(n.Alias, depth+1)
	}
	for _, child := range n.Content {
		if problem := s.add(child, depth+1); problem != nil {
			return problem
		}
	}
	return nil
}
