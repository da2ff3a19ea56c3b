package health

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Rule says in CEL (cel.dev) when objects of a kind are healthy that says so in a way of its own. Each expression may use
// the object's top-level fields by their names, and the whole object as "object".
type Rule struct {
	APIVersion string // group/version; group/* for any version of it
	Kind       string
	Current    string // true when an object is healthy
	Failed     string // true when it has failed for good; comes first
	InProgress string // true when it is neither, whatever Current says
	Message    string // what to say of it, a text
}

// Rules are Rules made ready to be asked. The zero value has none. They are not changed by being used, and may be used by
// several goroutines.
type Rules struct{ all []*compiledRule }

// compiledRule is a Rule with its programs; nil where it has no such expression.
type compiledRule struct {
	gv                                   schema.GroupVersion // the version is empty for any
	kind                                 string
	current, failed, inProgress, message cel.Program
}

// RuleError says what is wrong with one field of a [Rule].
type RuleError struct {
	Rule    int    // its place in the list
	Field   string // as in a config: apiVersion, kind, current, failed, inProgress, message
	Message string
}

func (e *RuleError) Error() string { return e.Field + ": " + e.Message }

const (
	// costLimit bounds what one evaluation may do; the cost of the longest loop over an object is well below it. It counts
	// steps and not time, so that the same object always gets the same verdict.
	costLimit = 1_000_000
	// expressionLimit bounds an expression, and nestingLimit how deep it goes.
	expressionLimit = 4096
	nestingLimit    = 50
)

// fieldNames are the top-level fields that a rule may name; what others an object has is found below "object".
var fieldNames = []string{"apiVersion", "kind", "metadata", "spec", "status", "data", "object"}

// Compile makes rules ready. The error is a [*RuleError]. Kinds that Lockstep judges by their pods and endpoints take no
// rule, and neither do Secrets, whose data a message could tell.
func Compile(rules []Rule) (Rules, error) {
	if len(rules) == 0 {
		return Rules{}, nil
	}
	env, err := newEnvironment()
	if err != nil {
		return Rules{}, err
	}
	var compiled Rules
	for i, r := range rules {
		one, err := r.compile(env)
		if wrong, ok := errors.AsType[*RuleError](err); ok {
			wrong.Rule = i
		}
		if err != nil {
			return Rules{}, err
		}
		if slices.ContainsFunc(compiled.all, one.overlaps) {
			return Rules{}, &RuleError{Rule: i, Field: "kind", Message: "there is a rule for " + r.Kind + " already"}
		}
		compiled.all = append(compiled.all, one)
	}
	return compiled, nil
}

func newEnvironment() (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.CrossTypeNumericComparisons(true), cel.ParserExpressionSizeLimit(expressionLimit), cel.ParserRecursionLimit(nestingLimit),
	}
	for _, name := range fieldNames {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	env, err := cel.NewEnv(options...)
	if err != nil {
		return nil, fmt.Errorf("make an environment for health rules: %w", err)
	}
	return env, nil
}

func (r Rule) compile(env *cel.Env) (*compiledRule, error) {
	gv, err := schema.ParseGroupVersion(r.APIVersion)
	switch {
	case r.APIVersion == "" || err != nil || gv.Version == "":
		return nil, &RuleError{Field: "apiVersion", Message: "want group/version, or group/* for any version"}
	case r.Kind == "" || strings.ContainsAny(r.Kind, "/*. "):
		return nil, &RuleError{Field: "kind", Message: "want the name of a kind"}
	case isJudged(schema.GroupKind{Group: gv.Group, Kind: r.Kind}):
		return nil, &RuleError{Field: "kind", Message: r.Kind + " takes no rule: it is judged by what it runs, or may tell a secret"}
	case r.Current == "" && r.Failed == "" && r.InProgress == "":
		return nil, &RuleError{Field: "current", Message: "missing; a rule wants one of current, failed and inProgress"}
	}
	if gv.Version == "*" {
		gv.Version = ""
	}
	compiled := &compiledRule{gv: gv, kind: r.Kind}
	for _, e := range []struct {
		field, text string
		want        *cel.Type
		into        *cel.Program
	}{
		{"current", r.Current, cel.BoolType, &compiled.current},
		{"failed", r.Failed, cel.BoolType, &compiled.failed},
		{"inProgress", r.InProgress, cel.BoolType, &compiled.inProgress},
		{"message", r.Message, cel.StringType, &compiled.message},
	} {
		if e.text == "" {
			continue
		}
		if *e.into, err = program(env, e.text, e.want); err != nil {
			return nil, &RuleError{Field: e.field, Message: err.Error()}
		}
	}
	return compiled, nil
}

// program compiles one expression. The error is one line, with the place in the expression.
func program(env *cel.Env, text string, want *cel.Type) (cel.Program, error) {
	ast, issues := env.Compile(text)
	if all := issues.Errors(); len(all) > 0 {
		words := strings.TrimSuffix(strings.Join(strings.Fields(all[0].Message), " "), " (in container '')")
		if at := all[0].Location.Column(); at >= 0 {
			return nil, fmt.Errorf("column %d: %s", at+1, words)
		}
		return nil, errors.New(words)
	}
	if got := ast.OutputType(); !got.IsExactType(want) && !got.IsExactType(cel.DynType) {
		return nil, fmt.Errorf("want a %s, this is a %s", want, got)
	}
	return env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
}

// isJudged tells the kinds that take no rule.
func isJudged(gk schema.GroupKind) bool {
	switch gk {
	case gkService, gkPod, schema.GroupKind{Kind: "Secret"}:
		return true
	}
	return isWorkload(gk)
}

func (c *compiledRule) overlaps(other *compiledRule) bool {
	return c.kind == other.kind && c.gv.Group == other.gv.Group &&
		(c.gv.Version == other.gv.Version || c.gv.Version == "" || other.gv.Version == "")
}

// of is the rule for o, nil if there is none.
func (r Rules) of(gvk schema.GroupVersionKind) *compiledRule {
	for _, c := range r.all {
		if c.kind == gvk.Kind && c.gv.Group == gvk.Group && (c.gv.Version == "" || c.gv.Version == gvk.Version) {
			return c
		}
	}
	return nil
}
