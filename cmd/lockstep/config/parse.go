package config

import (
	"fmt"
	"io"
	"os"
	"slices"

	"go.yaml.in/yaml/v3"
)

const (
	apiVersion = "lockstep.dev/v1alpha1"
	kind       = "Config"
)

// Load is [Parse] of a file.
func Load(path string) (*Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	if !info.Mode().IsRegular() { // a pipe would block
		return nil, fmt.Errorf("read config: %s is not a file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	defer func() { _ = file.Close() }()
	text, err := io.ReadAll(io.LimitReader(file, MaxSize+1))
	if err != nil {
		return nil, fmt.Errorf("read config: %w", err)
	}
	return Parse(path, text)
}

// Parse reads the text of a config file. The name stands before every message; folders that the text gives as relative are
// relative to the name's folder. An error, a [Problem], means that nothing of the text may be used.
func Parse(name string, text []byte) (*Config, error) {
	parts, problem := sections(text)
	if problem != nil {
		problem.File = name
		return nil, *problem
	}
	r := reader{file: name}
	for i, n := range parts["repositories"] {
		r.repository(i, n)
	}
	for i, n := range parts["apps"] {
		r.app(i, n)
	}
	for i, n := range parts["notifications"] {
		r.notification(i, n)
	}
	r.check()
	return r.config(), nil
}

// sections returns the entries of the file, by the lists that they are in. Those of repositories and apps must be there: one
// that is misspelt, or commented out, would say that every app is to go.
func sections(text []byte) (map[string][]*yaml.Node, *Problem) {
	root, problem := compose(text)
	if problem != nil {
		return nil, problem
	}
	found, problem := keys(root)
	if problem == nil {
		problem = ours(found, root.Line)
	}
	parts := map[string][]*yaml.Node{}
	for _, key := range lists {
		if problem == nil && (found[key] != nil || key != "notifications") {
			parts[key], problem = list(found, key)
		}
	}
	return parts, problem
}

// lists are the keys of the file that hold entries.
var lists = []string{"repositories", "apps", "notifications"}

// keys returns the values of the file's own keys.
func keys(root *yaml.Node) (map[string]*yaml.Node, *Problem) {
	if !isMap(root) {
		return nil, &Problem{Line: root.Line, Message: "want a map with apiVersion and kind, this is " + a(root)}
	}
	found := map[string]*yaml.Node{}
	for i := 0; i+1 < len(root.Content); i += 2 {
		key := root.Content[i]
		switch {
		case key.Value != "apiVersion" && key.Value != "kind" && !slices.Contains(lists, key.Value):
			return nil, &Problem{Line: key.Line, Message: "unknown field" + quoted(key.Value)}
		case found[key.Value] != nil:
			return nil, &Problem{Line: key.Line, Message: fmt.Sprintf("duplicate key %q", key.Value)}
		}
		found[key.Value] = resolve(root.Content[i+1])
	}
	return found, nil
}

// ours says whether the file is a config of this version.
func ours(found map[string]*yaml.Node, line int) *Problem {
	for _, want := range [][2]string{{"apiVersion", apiVersion}, {"kind", kind}} {
		n := found[want[0]]
		if n == nil {
			return &Problem{Line: line, Message: want[0] + ": missing; want " + want[1]}
		}
		if !isText(n) || n.Value != want[1] {
			return &Problem{Line: n.Line, Message: want[0] + ": want " + want[1]}
		}
	}
	return nil
}

func list(found map[string]*yaml.Node, key string) ([]*yaml.Node, *Problem) {
	n := found[key]
	switch {
	case n == nil:
		return nil, &Problem{Message: key + ": missing; write " + key + ": [] for none"}
	case !isList(n):
		return nil, &Problem{Line: n.Line, Message: key + ": want a list, this is " + a(n) + "; write [] for none"}
	case len(n.Content) > MaxEntries:
		return nil, &Problem{Line: n.Line, Message: fmt.Sprintf("%s: more than %d", key, MaxEntries)}
	}
	return n.Content, nil
}
