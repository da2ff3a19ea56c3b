package manifest

import (
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain is what kubectl makes of a tree that leaves no doubt about it: texts in quotes, words, whole numbers, true, false and
// nothing, under keys that are texts. Most manifests are no more than that, and are not parsed a second time. ok is false for all
// others, on which the versions of YAML may differ.
func plain(n *yaml.Node) (value any, ok bool) {
	if n.Anchor != "" || n.Style&yaml.TaggedStyle != 0 {
		return nil, false
	}
	switch n.Kind {
	case yaml.MappingNode:
		return plainMap(n)
	case yaml.SequenceNode:
		return plainList(n)
	case yaml.ScalarNode:
		return plainScalar(n)
	}
	return nil, false
}

func plainMap(n *yaml.Node) (any, bool) {
	all := make(map[string]any, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, ok := plain(n.Content[i])
		name, text := key.(string)
		if !ok || !text {
			return nil, false
		}
		if all[name], ok = plain(n.Content[i+1]); !ok {
			return nil, false
		}
	}
	return all, true
}

func plainList(n *yaml.Node) (any, bool) {
	all := make([]any, len(n.Content))
	for i, item := range n.Content {
		var ok bool
		if all[i], ok = plain(item); !ok {
			return nil, false
		}
	}
	return all, true
}

var (
	wholeNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]{0,17})$`)
	// quantity is a number with a unit, as of cpu and memory.
	quantity = regexp.MustCompile(`^[1-9][0-9]*([mkKMGTPhs]|[KMGTP]i|%)$`)
)

func plainScalar(n *yaml.Node) (any, bool) {
	quoted := n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0
	switch {
	case n.Style&^(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.FlowStyle) != 0, strings.ContainsAny(n.Value, "\n\r"):
		return nil, false // a block, or a text of several lines
	case n.Tag == "!!str" && (quoted || isWord(n.Value) || quantity.MatchString(n.Value)):
		return n.Value, true
	case quoted:
		return nil, false
	case n.Tag == "!!int" && wholeNumber.MatchString(n.Value):
		number, err := strconv.ParseInt(n.Value, 10, 64)
		return number, err == nil
	case n.Tag == "!!bool" && (n.Value == "true" || n.Value == "false"):
		return n.Value == "true", true
	}
	return nil, n.Tag == "!!null" && (n.Value == "" || n.Value == "~" || n.Value == "null")
}

// isWord tells a text without quotes that is a text to every version of YAML: it begins as no number does, and is none of the
// words that stand for something else.
func isWord(text string) bool {
	if text == "" {
		return false
	}
	switch c := text[0] | 0x20; {
	case c >= 'a' && c <= 'z', text[0] == '/', strings.HasPrefix(text, "--"):
	default:
		return false
	}
	switch strings.ToLower(text) {
	case "y", "yes", "n", "no", "on", "off", "true", "false", "null":
		return false
	}
	return true
}
