package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	kubeyaml "sigs.k8s.io/yaml"
)

// layer is one kustomization.
type layer struct {
	file string // its path
	root *yaml.Node
	types.Kustomization
	weight weight
}

// weight is what a kustomization and all that it refers to come to, each as often as it is referred to.
type weight struct{ layers, objects, bytes int }

func (w *weight) add(other weight) {
	const enough = 1 << 40 // far beyond every limit, and far from an overflow
	w.layers = min(w.layers+other.layers, enough)
	w.objects = min(w.objects+other.objects, enough)
	w.bytes = min(w.bytes+other.bytes, enough)
}

// folder is where the kustomization's references begin.
func (l *layer) folder() string { return path.Dir(l.file) }

// fail reports a field of the kustomization; the line is that of the text, of the field when it is not found.
func (l *layer) fail(field, text, format string, args ...any) Error {
	var at *yaml.Node
	if text != "" {
		at = scalar(l.root, withText(text))
	}
	if at == nil && field != "" {
		name, _, _ := strings.Cut(field, ".")
		at = scalar(l.root, func(n *yaml.Node) bool { return strings.EqualFold(n.Value, name) })
	}
	if at == nil {
		at = l.root
	}
	return Error{File: l.file, Line: at.Line, Document: 1, Field: field, Message: fmt.Sprintf(format, args...)}
}

// scalar returns the first single value or key that matches, or nil. The tree was found sound; aliases are not followed.
func scalar(n *yaml.Node, match func(*yaml.Node) bool) *yaml.Node {
	if n.Kind == yaml.ScalarNode && match(n) {
		return n
	}
	for _, child := range n.Content {
		if found := scalar(child, match); found != nil {
			return found
		}
	}
	return nil
}

func withText(text string) func(*yaml.Node) bool {
	return func(n *yaml.Node) bool { return n.Value == text }
}

// kustomizations returns the paths of a folder's kustomization files.
func (r *reader) kustomizations(folder string) ([]string, error) {
	var found []string
	for _, name := range kustomizationNames() {
		name = path.Join(folder, name)
		there, err := r.isFile(name)
		if err != nil {
			return nil, err
		}
		if there {
			found = append(found, name)
		}
	}
	return found, nil
}

// isFile says whether there is a file at a path. It asks for the path alone, since who asks about a folder depends on all
// that is in it.
func (r *reader) isFile(name string) (bool, error) {
	f, err := r.files.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		if above, statErr := fs.Stat(r.files, path.Dir(name)); statErr == nil && !above.IsDir() {
			return false, nil // some systems tell so what is below a file
		}
		return false, fmt.Errorf("read manifests: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	info, err := f.Stat()
	if err != nil {
		return false, fmt.Errorf("read manifests: %w", err)
	}
	return !info.IsDir(), nil
}

// linked reports a symlink on the way to a path. A commit's own file system refuses them itself.
func (r *reader) linked(name string) bool {
	links, ok := r.files.(fs.ReadLinkFS)
	if !ok {
		return false
	}
	for at := name; at != "."; at = path.Dir(at) {
		if info, err := links.Lstat(at); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			r.report(Error{File: at, Message: symlinkMessage})
			return true
		}
	}
	return false
}

// layer reads a kustomization file, or reports what is wrong with it and returns nil.
func (b *build) layer(files []string) (*layer, error) {
	if len(files) > 1 {
		b.report(Error{File: files[1], Message: "a second kustomization beside " + path.Base(files[0]) + "; remove one"})
		return nil, nil
	}
	text, ok, err := b.input(files[0])
	if err != nil || !ok {
		return nil, err
	}
	before := len(b.problems)
	l := &layer{file: files[0]}
	b.documents(l.file, text, func(d document) {
		root, ok := b.parse(d)
		switch {
		case !ok:
		case root.Kind != yaml.MappingNode:
			b.notAnObject(d, root)
		case l.root != nil:
			b.report(d.fail(root.Line, "", "a second document; a kustomization is one"))
		default:
			l.root = moved(root, d.line)
		}
	})
	if len(b.problems) > before {
		return nil, nil
	}
	if l.root == nil {
		b.report(Error{File: l.file, Line: 1, Message: "an empty kustomization"})
		return nil, nil
	}
	if !b.decode(l, text) {
		return nil, nil
	}
	return l, nil
}

// moved makes the lines of a document's tree those of the file.
func moved(n *yaml.Node, first int) *yaml.Node {
	n.Line += first - 1
	for _, child := range n.Content {
		moved(child, first)
	}
	return n
}

var (
	unknownField = regexp.MustCompile(`unknown field "([^"]+)"`)
	wrongType    = regexp.MustCompile(`cannot unmarshal (\w+) into Go struct field (?:\w+\.)?([\w.]+) of type`)
)

// decode turns the text into what kustomize makes of it, and reports what it would refuse.
func (b *build) decode(l *layer, text []byte) bool {
	before := len(b.problems)
	err := l.Unmarshal(bytes.TrimPrefix(text, byteOrderMark))
	if err != nil {
		// The library's own words may hold values.
		message, name := "not what kustomize expects", ""
		if found := unknownField.FindStringSubmatch(err.Error()); found != nil {
			message, name = "no such field in a kustomization", found[1]
		} else if found := wrongType.FindStringSubmatch(err.Error()); found != nil {
			message, name = "a "+found[1]+" is not what belongs here", found[2]
		}
		b.report(l.fail(name, "", "%s", message))
		return false
	}
	l.FixKustomization()
	if l.CheckEmpty() != nil {
		b.report(l.fail("", "", "an empty kustomization"))
	}
	for _, problem := range l.EnforceFields() {
		name, _, _ := strings.Cut(problem, " ")
		b.report(l.fail(name, "", "%s", problem))
	}
	for _, field := range l.unsupported() {
		b.report(l.fail(field, "", "not supported: it would run programs, or make objects that nobody can read in the repository"))
	}
	return len(b.problems) == before
}

// unsupported returns the fields in use that could run something.
func (l *layer) unsupported() []string {
	fields := map[string]bool{
		"helmCharts":   len(l.HelmCharts) > 0 || l.HelmGlobals != nil,
		"generators":   len(l.Generators) > 0,
		"transformers": len(l.Transformers) > 0,
		"validators":   len(l.Validators) > 0,
	}
	var used []string
	for name, there := range fields {
		if there {
			used = append(used, name)
		}
	}
	slices.Sort(used)
	return used
}

// rewritten returns the kustomization for kustomize to read: with the origin of each object noted, and without the
// deprecated fields that it would write warnings about.
func (l *layer) rewritten() ([]byte, error) {
	k := l.Kustomization
	if !slices.Contains(k.BuildMetadata, types.OriginAnnotations) {
		k.BuildMetadata = append(slices.Clip(k.BuildMetadata), types.OriginAnnotations)
	}
	var patches []types.Patch
	for _, patch := range k.PatchesStrategicMerge { //nolint:staticcheck // deprecated, and in many a repository
		if inline(string(patch)) {
			patches = append(patches, types.Patch{Patch: string(patch)})
		} else {
			patches = append(patches, types.Patch{Path: string(patch)})
		}
	}
	patches = append(patches, k.Patches...)
	k.Patches = append(patches, k.PatchesJson6902...) //nolint:staticcheck // likewise; as kustomize edit fix does
	k.PatchesStrategicMerge = nil                     //nolint:staticcheck // likewise
	k.PatchesJson6902 = nil                           //nolint:staticcheck // likewise
	if pairs := k.CommonLabels; len(pairs) > 0 {      //nolint:staticcheck // likewise
		k.Labels = append(slices.Clip(k.Labels), types.Label{Pairs: pairs, IncludeSelectors: true})
		k.CommonLabels = nil //nolint:staticcheck // likewise
	}
	return kubeyaml.Marshal(k)
}

// reorder is the order that kustomize is asked for: none, but where the kustomization asks for one, and it would write a warning
// about two of them past the log.
func (l *layer) reorder() krusty.ReorderOption {
	if l.SortOptions != nil {
		return krusty.ReorderOptionUnspecified
	}
	return krusty.ReorderOptionNone
}

// inline says whether an entry of patchesStrategicMerge is the patch itself and not a file's name.
func inline(patch string) bool {
	var value map[string]any
	return strings.Contains(patch, "\n") || kubeyaml.Unmarshal([]byte(patch), &value) == nil && value != nil
}
