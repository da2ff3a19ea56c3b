package manifest

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/kustomize/api/types"
)

// use is what a kustomization makes of a file that it refers to.
type use int

const (
	asResource  use = iota // objects, or a folder with a kustomization
	asComponent            // a folder with a component
	asConfig               // YAML for kustomize: a patch, a schema, a configuration
	asContent              // the value of a generated object's key
	asVariables            // lines of NAME=value for a generated object
)

// reference is one path in a kustomization, or a text in place of one.
type reference struct {
	use    use
	field  string
	text   string // as it is written
	path   string // empty for a text
	inline string
}

// references returns all that a kustomization refers to. What is not among these fields, kustomize does not read.
func (l *layer) references() []reference {
	var all []reference
	add := func(use use, field string, paths ...string) {
		for _, name := range paths {
			all = append(all, reference{use: use, field: field, text: name, path: name})
		}
	}
	add(asResource, "resources", l.Resources...)
	add(asComponent, "components", l.Components...)
	add(asConfig, "crds", l.Crds...)
	add(asConfig, "configurations", l.Configurations...)
	if name, there := l.OpenAPI["path"]; there {
		add(asConfig, "openapi.path", name)
	}
	for _, replacement := range l.Replacements {
		if replacement.Path != "" {
			add(asConfig, "replacements.path", replacement.Path)
		}
	}
	all = append(all, l.patches()...)
	for _, g := range l.ConfigMapGenerator {
		all = append(all, generated("configMapGenerator", g.KvPairSources)...)
	}
	for _, g := range l.SecretGenerator {
		all = append(all, generated("secretGenerator", g.KvPairSources)...)
	}
	return all
}

func (l *layer) patches() []reference {
	var all []reference
	for _, patch := range l.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and in many a repository
		text := string(patch)
		if inline(text) {
			all = append(all, reference{use: asConfig, field: "patchesStrategicMerge", text: text, inline: text})
		} else {
			all = append(all, reference{use: asConfig, field: "patchesStrategicMerge", text: text, path: text})
		}
	}
	add := func(field string, patches []types.Patch) {
		for _, patch := range patches {
			if patch.Path != "" {
				all = append(all, reference{use: asConfig, field: field + ".path", text: patch.Path, path: patch.Path})
			}
			if patch.Patch != "" {
				all = append(all, reference{use: asConfig, field: field + ".patch", text: patch.Patch, inline: patch.Patch})
			}
		}
	}
	add("patches", l.Patches)
	add("patchesJson6902", l.PatchesJson6902) //nolint:staticcheck // likewise
	return all
}

// generated returns the files of a generator. An entry of files is a path, or a key, = and a path.
func generated(field string, sources types.KvPairSources) []reference {
	var all []reference
	for _, text := range sources.FileSources {
		key, name, found := strings.Cut(text, "=")
		if !found {
			name = key
		}
		all = append(all, reference{use: asContent, field: field + ".files", text: text, path: name})
	}
	for _, text := range sources.EnvSources {
		all = append(all, reference{use: asVariables, field: field + ".envs", text: text, path: text})
	}
	return all
}

// literals reports the literals of generators that have no key. Their text may be a secret.
func (b *build) literals(l *layer) {
	check := func(field string, sources types.KvPairSources) {
		for _, literal := range sources.LiteralSources {
			if key, _, found := strings.Cut(literal, "="); !found || key == "" {
				b.report(l.fail(field+".literals", literal, "want key=value"))
			}
		}
	}
	for _, g := range l.ConfigMapGenerator {
		check("configMapGenerator", g.KvPairSources)
	}
	for _, g := range l.SecretGenerator {
		check("secretGenerator", g.KvPairSources)
	}
}

// follow reads what a reference leads to, and adds what that comes to to the layer's weight.
func (b *build) follow(l *layer, ref reference) error {
	if ref.path == "" && ref.inline != "" {
		b.inlineText(l, ref)
		return nil
	}
	at, problem := l.resolve(ref)
	if problem != "" {
		b.report(l.fail(ref.field, ref.text, "%s", problem))
		return nil
	}
	if b.linked(at) {
		return nil
	}
	if ref.use == asComponent || ref.use == asResource && !isYAML(at) && !isJSON(at) {
		// Folders first, where one is likely: asking for the path itself would ask for all that is in the folder.
		if done, err := b.enter(l, ref, at); done || err != nil {
			return err
		}
	}
	return b.followFile(l, ref, at)
}

// followFile is follow for what is most likely a file.
func (b *build) followFile(l *layer, ref reference, at string) error {
	there, err := b.isFile(at)
	switch {
	case err != nil:
		return err
	case there && ref.use != asComponent:
		return b.read(l, ref, at)
	case ref.use == asResource:
		if done, err := b.enter(l, ref, at); done || err != nil {
			return err
		}
	}
	b.report(l.fail(ref.field, ref.text, "%s: %s", shorten(at, 200), absent(ref.use)))
	return nil
}

func absent(use use) string {
	switch use {
	case asResource:
		return "no such file, and no such folder with a kustomization"
	case asComponent:
		return "no such folder with a kustomization"
	}
	return "no such file"
}

// resolve returns the path from the repository's root, or says why there is none.
func (l *layer) resolve(ref reference) (at, problem string) {
	switch {
	case remote(ref.text) || remote(ref.path):
		return "", "remote is not allowed: nothing outside the repository is read; commit what it refers to"
	case ref.path == "":
		return "", "an empty path"
	case strings.Count(ref.text, "=") > 1 && ref.use == asContent:
		return "", "more than one = in it"
	case strings.HasPrefix(ref.path, "/") || strings.Contains(ref.path, `\`):
		return "", "want a path with slashes, relative to the kustomization's folder"
	}
	at = path.Join(l.folder(), ref.path)
	if at == ".." || strings.HasPrefix(at, "../") {
		return "", "leads out of the repository"
	}
	return at, ""
}

// enter reads the kustomization in a folder, if there is one.
func (b *build) enter(l *layer, ref reference, at string) (done bool, err error) {
	if problem := b.circle(at); problem != "" {
		b.report(l.fail(ref.field, ref.text, "%s: %s", shorten(at, 200), problem))
		return true, nil
	}
	files, err := b.kustomizations(at)
	if err != nil || len(files) == 0 {
		return false, err
	}
	if b.linked(files[0]) {
		return true, nil
	}
	below, err := b.visit(files)
	if err != nil || below == nil {
		return true, err
	}
	isComponent := below.Kind == types.ComponentKind
	if isComponent != (ref.use == asComponent) {
		b.report(l.fail(ref.field, ref.text, "%s is a %s; it belongs under %s", below.file, below.Kind,
			map[bool]string{true: "components", false: "resources"}[isComponent]))
	}
	l.weight.add(below.weight)
	return true, nil
}

// circle says what is wrong with a folder that is, or is around, one whose kustomization is being read.
func (b *build) circle(at string) string {
	for _, open := range b.open {
		if open == at {
			return "a circle: " + strings.Join(append(slices.Clone(b.open), at), " → ")
		}
		if at == "." || strings.HasPrefix(open, at+"/") {
			return fmt.Sprintf("it is a folder around %s, which kustomize does not allow to refer to it", open)
		}
	}
	return ""
}
