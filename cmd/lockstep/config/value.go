package config

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// value is what a key of an entry holds. Its methods return it as what it should be, or report that it is not; what they
// return then is of no use, as the entry is refused.
type value struct {
	entry *entry
	key   string // with those above it, as gate.timeout; empty for the entry itself
	line  int    // where it is used, not where an alias has it from
	node  *yaml.Node
}

func (v value) fail(format string, args ...any) {
	if v.key != "" {
		format = v.key + ": " + format // a key of our own tables, or one that quoted lets pass
	}
	v.entry.fail(v.line, format, args...)
}

// want reports a wrong type.
func (v value) want(what string) { v.fail("want %s, this is %s", what, a(v.node)) }

func (v value) below(key string) string {
	if v.key == "" {
		return key
	}
	return v.key + "." + key
}

func (v value) text() (string, bool) {
	if !isText(v.node) {
		v.want("a text")
		return "", false
	}
	return v.node.Value, true
}

func (v value) duration() time.Duration { return v.upTo(LongestInterval) }

// upTo is a duration that is bounded.
func (v value) upTo(longest time.Duration) time.Duration {
	text, ok := v.node.Value, isText(v.node)
	if !ok {
		v.want("a duration with a unit, as 30s")
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		v.fail("not a duration%s: want a number with a unit, as 30s", quoted(text))
	} else if d < ShortestInterval || d > longest {
		v.fail("%s: want between %s and %s", d, ShortestInterval, longest)
	}
	return d
}

func (v value) boolean() bool {
	text := strings.ToLower(v.node.Value)
	if v.node.Tag != "!!bool" || text != "true" && text != "false" {
		v.want("true or false")
	}
	return text == "true"
}

func (v value) count() int {
	n, err := strconv.Atoi(v.node.Value)
	switch {
	case v.node.Tag != "!!int":
		v.want("a whole number")
	case err != nil || n < 0:
		v.fail("want a whole number, 0 or more")
	}
	return n
}

// oneOf returns which of the words it is.
func (v value) oneOf(words ...string) string {
	text, ok := v.text()
	if ok && !slices.Contains(words, text) {
		v.fail("not known%s: want %s", quoted(text), strings.Join(words, " or "))
	}
	return text
}

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// vars returns a map of texts, nil when it is empty. Numbers and booleans are the text that they are written as.
func (v value) vars() map[string]string {
	if !isMap(v.node) {
		v.want("a map")
		return nil
	}
	vars := fields{}
	var all map[string]string
	for i := 0; i < len(v.node.Content); i += 2 {
		name := v.node.Content[i].Value
		if !variable.MatchString(name) {
			v.entry.fail(v.node.Content[i].Line, "%s: not the name of a variable%s: want letters, digits and _", v.key, quoted(name))
			return nil
		}
		vars[v.below(name)] = func(v value) {
			if all == nil {
				all = map[string]string{}
			}
			all[name] = v.scalar()
		}
	}
	v.entry.read(v, vars)
	return all
}

// scalar returns a single value as it is written.
func (v value) scalar() string {
	switch v.node.Tag {
	case "!!str", "!!int", "!!float", "!!bool", "!!timestamp":
		return v.node.Value
	}
	v.want("a text; quote it")
	return ""
}
