package health

import (
	"errors"
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ruleWords bounds what a rule's message, or an error of one, adds to a report.
const ruleWords = 500

// judge is the verdict of the rule on o; false where it says nothing, and the general verdict holds. An object whose own
// status is of a generation before is not asked: it would be judged by an old status.
func (c *compiledRule) judge(o *unstructured.Unstructured) (verdict, bool) {
	if seen := integer(o, int(o.GetGeneration()), "status", "observedGeneration"); seen < int(o.GetGeneration()) {
		return verdict{status: InProgress, message: "its controller has not seen what was applied"}, true
	}
	fields := activation(o)
	for _, e := range []struct {
		name    string
		program cel.Program
		status  Status
	}{
		{"failed", c.failed, Failed}, {"inProgress", c.inProgress, InProgress}, {"current", c.current, Current},
	} {
		holds, err := evaluate(e.program, fields)
		switch {
		case err != nil:
			return verdict{status: InProgress, message: fmt.Sprintf("the rule %s cannot tell: %s", e.name, brieflySaid(err.Error()))}, true
		case holds:
			return verdict{status: e.status, message: c.say(fields, "the rule "+e.name+" holds")}, true
		}
	}
	if c.current == nil {
		return verdict{}, false
	}
	return verdict{status: InProgress, message: c.say(fields, "the rule current does not hold yet")}, true
}

// activation binds the fields that o has.
func activation(o *unstructured.Unstructured) map[string]any {
	fields := map[string]any{"object": o.Object}
	for _, name := range fieldNames {
		if value, found := o.Object[name]; found && name != "object" {
			fields[name] = value
		}
	}
	return fields
}

// evaluate tells whether an expression holds. It does not where a field is missing that it asks for: a status comes field
// by field.
func evaluate(p cel.Program, fields map[string]any) (bool, error) {
	if p == nil {
		return false, nil
	}
	value, _, err := p.Eval(fields)
	if err != nil {
		if isMissing(err) {
			return false, nil
		}
		return false, err
	}
	holds, ok := value.Value().(bool)
	if !ok {
		return false, errors.New("what it says is neither true nor false")
	}
	return holds, nil
}

// isMissing tells cel-go's errors of a key, or of a top-level field, that is not there. It has no type for them.
func isMissing(err error) bool {
	text := err.Error()
	return strings.HasPrefix(text, "no such key: ") || strings.HasPrefix(text, "no such attribute(s): ")
}

// say is the rule's own message, or otherwise where it has none or says nothing.
func (c *compiledRule) say(fields map[string]any, otherwise string) string {
	if c.message == nil {
		return otherwise
	}
	value, _, err := c.message.Eval(fields)
	if err != nil {
		return otherwise
	}
	if text, ok := value.Value().(string); ok && strings.TrimSpace(text) != "" {
		return brieflySaid(text)
	}
	return otherwise
}

// brieflySaid makes one bounded line of a text that an object has a part in.
func brieflySaid(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
	if len(text) > ruleWords {
		text = strings.ToValidUTF8(text[:ruleWords], "") + "..."
	}
	return text
}
