package config

import (
	"errors"

	"github.com/lockstep-dev/lockstep/health"
)

// MaxRules bounds how many rules one app may have.
const MaxRules = 50

// rules returns the rules of a list, nil when it is empty. They are compiled, so that what is wrong is told with its line
// and not by an app that never becomes healthy.
func (v value) rules() []health.Rule {
	switch {
	case !isList(v.node):
		v.want("a list")
		return nil
	case len(v.node.Content) > MaxRules:
		v.fail("more than %d", MaxRules)
		return nil
	}
	var all []health.Rule
	var lines []map[string]int
	before := len(v.entry.problems)
	for _, n := range v.node.Content {
		rule, at := value{entry: v.entry, key: v.key, line: n.Line, node: resolve(n)}.rule()
		all, lines = append(all, rule), append(lines, at)
	}
	if len(v.entry.problems) > before {
		return nil
	}
	_, err := health.Compile(all)
	if wrong, ok := errors.AsType[*health.RuleError](err); ok {
		line, found := lines[wrong.Rule][wrong.Field]
		if !found {
			line = lines[wrong.Rule][""]
		}
		v.entry.fail(line, "%s.%s: %s", v.key, wrong.Field, wrong.Message)
	} else if err != nil {
		v.fail("%s", err)
	}
	return all
}

// rule returns one rule, and the lines of its fields; its own under "".
func (v value) rule() (health.Rule, map[string]int) {
	var r health.Rule
	lines := map[string]int{"": v.line}
	known := fields{}
	for name, into := range map[string]*string{
		"apiVersion": &r.APIVersion, "kind": &r.Kind, "current": &r.Current, "failed": &r.Failed,
		"inProgress": &r.InProgress, "message": &r.Message,
	} {
		known[v.below(name)] = func(field value) {
			*into, _ = field.text()
			lines[name] = field.line
		}
	}
	v.entry.read(v, known)
	return r, lines
}
