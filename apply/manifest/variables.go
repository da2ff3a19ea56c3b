package manifest

import (
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// SubstituteAnnotation with the value "disabled" keeps an object's text as it is, whatever variables there are.
const SubstituteAnnotation = "lockstep.dev/substitute"

var (
	variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)
	jsonNumber   = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?$`)
)

func (o Options) check() error {
	for _, name := range slices.Sorted(maps.Keys(o.Vars)) {
		switch {
		case !variableName.MatchString(name):
			return fmt.Errorf("variable %q: want letters, digits and _, and no digit first", shorten(name, 100))
		case !utf8.ValidString(o.Vars[name]):
			return fmt.Errorf("variable %s: its value is no UTF-8 text", name)
		}
	}
	return nil
}

// substitution puts the variables' values into one object.
type substitution struct {
	*reader
	doc    document
	secret bool // nothing of a text may be told, not even what looks like a variable's name
	before int  // bytes of texts with variables, before and after
	after  int
	sound  bool
}

// substitute replaces the variables in all text values of the object m, whose tree is n: ok is false when it reported what
// it could not. It works on values that are parsed already, so that what a variable holds is never read as YAML.
func (r *reader) substitute(d document, n *yaml.Node, m map[string]any) bool {
	if len(r.vars) == 0 || optedOut(m) {
		return true
	}
	s := substitution{reader: r, doc: d, secret: isKind(m, "Secret"), sound: true}
	s.walk(m, n, nil)
	if r.cost.bytes += s.after - s.before; r.cost.bytes > MaxSize || s.after > MaxFileSize+s.before {
		r.stop(d.fail(n.Line, "", "more than %d bytes with the variables' values put in", MaxFileSize))
		return false
	}
	return s.sound
}

func optedOut(m map[string]any) bool {
	metadata, _ := m["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	return annotations[SubstituteAnnotation] == "disabled"
}

// walk returns what takes the place of value; maps and lists are changed in place. Keys stay as they are.
func (s *substitution) walk(value any, n *yaml.Node, fields []string) any {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	switch value := value.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(value)) {
			below := merged(n, key, MaxDepth)
			if below == nil {
				below = untold(n)
			}
			value[key] = s.walk(value[key], below, append(slices.Clip(fields), key))
		}
	case []any:
		for i := range value {
			below := untold(n)
			if n != nil && n.Kind == yaml.SequenceNode && len(n.Content) == len(value) {
				below = n.Content[i]
			}
			value[i] = s.walk(value[i], below, fields)
		}
	case string:
		return s.text(value, n, fields)
	}
	return value
}

// untold stands for a value whose place in the text is not known better than by what is around it.
func untold(around *yaml.Node) *yaml.Node {
	if around == nil {
		return nil
	}
	return &yaml.Node{Kind: yaml.ScalarNode, Style: yaml.DoubleQuotedStyle, Line: around.Line}
}

// merged is field, and looks into maps that are merged (<<) as well.
func merged(n *yaml.Node, key string, depth int) *yaml.Node {
	if found := field(n, key); found != nil || n == nil || depth == 0 {
		return found
	}
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	var sources []*yaml.Node
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i+1 < len(n.Content); i += 2 {
			if n.Content[i].Tag == "!!merge" {
				sources = append(sources, n.Content[i+1])
			}
		}
	case yaml.SequenceNode:
		sources = n.Content
	}
	for _, source := range sources {
		if found := merged(source, key, depth-1); found != nil {
			return found
		}
	}
	return nil
}

// text returns a text with its variables replaced. What is nothing but one variable, and not quoted, becomes a number or a
// boolean where the variable's value is one, unless nothing but text may stand there.
func (s *substitution) text(text string, n *yaml.Node, fields []string) any {
	replaced, err := expand(text, s.vars)
	if err != nil {
		line := 1
		if n != nil {
			line = n.Line
		}
		s.report(s.doc.fail(line, strings.Join(fields, "."), "%s", s.words(*err)))
		s.sound = false
		return text
	}
	s.before += len(text)
	s.after += len(replaced)
	plain := n != nil && n.Kind == yaml.ScalarNode && n.Style == 0
	if !plain || !oneVariable(text) || textAlone(fields) || s.quotes.always(fields[len(fields)-1], text) {
		return replaced
	}
	return typed(replaced)
}

func oneVariable(text string) bool {
	name, found := strings.CutPrefix(text, "${")
	name, closed := strings.CutSuffix(name, "}")
	return found && closed && variableName.MatchString(name)
}

// textAlone says whether a field of any object, or of a ConfigMap or Secret, takes texts and nothing else.
func textAlone(fields []string) bool {
	if len(fields) > 0 && (fields[0] == "data" || fields[0] == "stringData") {
		return true
	}
	return len(fields) > 1 && (fields[len(fields)-2] == "labels" || fields[len(fields)-2] == "annotations")
}

// typed returns the number or boolean that a text is in YAML and in JSON alike, without loss; otherwise the text.
func typed(text string) any {
	switch {
	case text == "true" || text == "false":
		return text == "true"
	case !jsonNumber.MatchString(text):
		return text
	}
	if whole, err := strconv.ParseInt(text, 10, 64); err == nil {
		return whole
	}
	number, err := strconv.ParseFloat(text, 64)
	if _, isWhole := new(big.Int).SetString(text, 10); err != nil || isWhole {
		return text
	}
	return number
}

// variableError is what is wrong with the first variable of a text that cannot be replaced.
type variableError struct{ name string } // empty when there is no name

// expand returns text with each ${NAME} replaced by its value, once: what a value holds is not looked at. $${ stands for ${.
func expand(text string, vars map[string]string) (string, *variableError) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "${")
		if !found {
			b.WriteString(text)
			return b.String(), nil
		}
		if escaped, ok := strings.CutSuffix(before, "$"); ok {
			b.WriteString(escaped + "${")
			text = rest
			continue
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed || !variableName.MatchString(name) {
			return "", &variableError{}
		}
		value, known := vars[name]
		if !known {
			return "", &variableError{name: name}
		}
		b.WriteString(before + value)
		text = after
	}
}

// words says what is wrong, and what would be right.
func (s *substitution) words(err variableError) string {
	const most = 20
	known := slices.Sorted(maps.Keys(s.vars))
	if len(known) > most {
		known = append(known[:most], fmt.Sprintf("and %d more", len(s.vars)-most))
	}
	hint := "; write $${ for the text itself"
	switch {
	case s.secret:
		return "a variable that is not known; known are " + strings.Join(known, ", ") + hint
	case err.name == "":
		return "${ without a variable's name and }; known are " + strings.Join(known, ", ") + hint
	}
	return fmt.Sprintf("the variable %s is not known; known are %s%s", shorten(err.name, 100), strings.Join(known, ", "), hint)
}
