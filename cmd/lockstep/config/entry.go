package config

import (
	"fmt"
	"strings"

	"go.yaml.in/yaml/v3"
)

// entry is one item of a list of the file, and what is wrong with it.
type entry struct {
	file     string
	label    string // for people
	name     string // "" when it has none that can be read
	line     int
	lines    map[string]int // where the value of each key is
	problems []Problem
}

// newEntry finds out how item number i of a list is called.
func newEntry(file, kind string, i int, n *yaml.Node) *entry {
	e := &entry{file: file, label: fmt.Sprintf("%s %d", kind, i+1), line: n.Line, lines: map[string]int{}}
	n = resolve(n)
	if name, ok := sole(n, "name"); ok && isName(name) {
		e.name, e.label = name, kind+quoted(name)
	} else if paths, ok := sole(n, "paths"); ok && quoted(paths) != "" {
		e.label = kind + quoted(paths)
	}
	return e
}

// sole returns the text of a key that is in n once.
func sole(n *yaml.Node, key string) (text string, ok bool) {
	for i := 0; isMap(n) && i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value != key {
			continue
		}
		value := resolve(n.Content[i+1])
		if ok || !isText(value) {
			return "", false
		}
		text, ok = value.Value, true
	}
	return text, ok
}

func (e *entry) fail(line int, format string, args ...any) {
	if len(e.problems) < MaxProblems {
		e.problems = append(e.problems, Problem{File: e.file, Line: line, Entry: e.label, Message: fmt.Sprintf(format, args...)})
	}
}

func (e *entry) refused() bool { return len(e.problems) > 0 }

// refusedName returns the name for [Config.Refused].
func (e *entry) refusedName() string {
	if _, many := e.lines["paths"]; many {
		return ""
	}
	return e.name
}

// lineOf returns the line of a key's value, or that of the entry.
func (e *entry) lineOf(key string) int {
	if line, ok := e.lines[key]; ok {
		return line
	}
	return e.line
}

// fields are the keys of an entry, with dots between those of maps within each other, and what takes each one's value.
type fields map[string]func(value)

// isGroup reports whether key holds others.
func (f fields) isGroup(key string) bool {
	for other := range f {
		if strings.HasPrefix(other, key+".") {
			return true
		}
	}
	return false
}

// read gives the values of a map to what takes them.
func (e *entry) read(v value, known fields) {
	if !isMap(v.node) {
		v.want("a map")
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, n := v.node.Content[i], v.node.Content[i+1]
		if key.Kind != yaml.ScalarNode || key.Tag != "!!str" {
			e.fail(key.Line, "a key that is no text; quote it, and do not merge with <<")
			continue
		}
		below := value{entry: e, key: v.below(key.Value), line: n.Line, node: resolve(n)}
		if first, ok := seen[key.Value]; ok {
			e.fail(key.Line, "duplicate key%s, first on line %d", quoted(below.key), first)
			continue
		}
		seen[key.Value] = key.Line
		take := known[below.key]
		switch {
		case strings.Contains(key.Value, "."): // is how our own tables write a map within a map
			e.fail(key.Line, "unknown field%s", quoted(below.key))
		case take != nil:
			e.lines[below.key] = below.line
			take(below)
		case known.isGroup(below.key):
			e.read(below, known)
		default:
			e.fail(key.Line, "unknown field%s", quoted(below.key))
		}
	}
}

// need reports those of keys that the entry does not have.
func (e *entry) need(keys ...string) {
	for _, key := range keys {
		if _, ok := e.lines[key]; !ok {
			e.fail(e.line, "%s: missing", key)
		}
	}
}
