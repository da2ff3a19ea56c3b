package config

import (
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/git"
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

// name returns the name of an app or a repository.
func (v value) name() string {
	text, ok := v.text()
	if ok && !isName(text) {
		v.fail("not a name%s: %s", quoted(text), wantName)
	}
	return text
}

// namePrefix returns what a name may begin with.
func (v value) namePrefix() string {
	text, ok := v.text()
	if ok && text != "" && !isName(text+"a") {
		v.fail("not the beginning of a name%s: %s", quoted(text), wantName)
	}
	return text
}

// url returns the address of a repository, a folder as an absolute one.
func (v value) url(base string) string {
	text, ok := v.text()
	if !ok {
		return ""
	}
	if err := (git.Options{URL: text}).Check(); err != nil {
		v.fail("%s", err)
		return ""
	}
	if strings.Contains(text, "://") {
		return text
	}
	if !filepath.IsAbs(text) {
		text = filepath.Join(base, text)
	}
	return filepath.Clean(text)
}

func (v value) branch() string {
	text, ok := v.text()
	if !ok {
		return ""
	}
	switch err := (git.Options{URL: ".", Branch: text}).Check(); {
	case text == "" || err != nil && quoted(text) == "":
		v.fail("not a valid name of a branch")
	case err != nil:
		v.fail("%s", err)
	}
	return text
}

func (v value) duration() time.Duration {
	text, ok := v.node.Value, isText(v.node)
	if !ok {
		v.want("a duration with a unit, as 30s")
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		v.fail("not a duration%s: want a number with a unit, as 30s", quoted(text))
	} else if d < ShortestInterval || d > LongestInterval {
		v.fail("%s: want between %s and %s", d, ShortestInterval, LongestInterval)
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

// folder returns the path of an app.
func (v value) folder() string {
	text, ok := v.text()
	if !ok {
		return ""
	}
	clean := path.Clean(text)
	switch {
	case text == "":
		v.fail("empty; write . for all of the repository")
	case strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r == '\\' || r == 0x7f }):
		v.fail("want a folder with / between its parts")
	case path.IsAbs(clean), clean == "..", strings.HasPrefix(clean, "../"):
		v.fail("leaves the repository%s: want a folder below its root", quoted(text))
	}
	return clean
}

// pattern returns a pattern for the folders of apps.
func (v value) pattern() string {
	before := len(v.entry.problems)
	text := v.folder()
	if len(v.entry.problems) > before {
		return ""
	}
	_, err := path.Match(text, "")
	switch {
	case err != nil || !strings.ContainsAny(text, "*?["):
		v.fail("not a pattern%s: want one as apps/*, or path for a single folder", quoted(text))
	case strings.Contains(text, "**"):
		v.fail("** is not supported: one * is the name of one folder")
	}
	return text
}

// namespace returns the name of a namespace. Whether the placeholder may be in it depends on another key.
func (v value) namespace() string {
	text, ok := v.text()
	if ok && len(validation.IsDNS1123Label(strings.ReplaceAll(text, FolderPlaceholder, "a"))) > 0 {
		v.fail("not a namespace's name%s", quoted(text))
	}
	return text
}

// serviceAccount returns name or namespace/name.
func (v value) serviceAccount() string {
	text, ok := v.text()
	namespace, name, found := strings.Cut(text, "/")
	if !found {
		namespace, name = DefaultNamespace, text
	}
	if ok && text != "" && (len(validation.IsDNS1123Label(namespace)) > 0 || len(validation.IsDNS1123Subdomain(name)) > 0) {
		v.fail("not a ServiceAccount%s: want name or namespace/name", quoted(text))
	}
	return text
}

// names returns a list of apps, nil when it is empty.
func (v value) names() []string {
	if !isList(v.node) {
		v.want("a list of names")
		return nil
	}
	var names []string
	for _, n := range v.node.Content {
		item := value{entry: v.entry, key: v.key, line: n.Line, node: resolve(n)}
		name := item.name()
		if slices.Contains(names, name) && isName(name) {
			item.fail("names %q twice", name)
		}
		names = append(names, name)
	}
	return names
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
	v.entry.read(v, vars, nil)
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
