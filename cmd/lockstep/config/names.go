package config

import (
	"path"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/lockstep-dev/lockstep/git"
)

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
	if git.IsRemote(text) {
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
