package manifest

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/resmap"
	"sigs.k8s.io/kustomize/api/types"
)

// build is one rendering of a kustomization. All that kustomize may read is read and checked before, and handed to it in
// memory: it decides by itself between files, addresses and programs, and so gets nothing to decide.
type build struct {
	*reader
	ctx     context.Context
	closed  closed
	layers  map[string]*layer // by folder
	order   []*layer          // what others refer to comes first
	open    []string          // folders whose kustomization is being read, the app's first
	size    int               // bytes read
	secrets bool              // something may hold a Secret's values
	checked map[checkedAs]bool
	sources map[string][]source
}

// checkedAs is a file in one of its uses.
type checkedAs struct {
	path string
	use  use
}

// source is one object as a file has it, before kustomize changes it.
type source struct {
	apiVersion, kind, name, namespace string
	line, document                    int
}

// render adds the objects that the folder's kustomization makes.
func (r *reader) render(ctx context.Context, files []string) error {
	b := build{reader: r, ctx: ctx, closed: newClosed(), layers: map[string]*layer{}, checked: map[checkedAs]bool{}, sources: map[string][]source{}}
	top, err := b.visit(files)
	if err != nil || top == nil || len(r.problems) > 0 {
		return err
	}
	resources, err := b.run(top)
	if ended := ctx.Err(); ended != nil {
		return fmt.Errorf("render %s: %w", top.file, ended)
	}
	if err != nil {
		r.report(b.explain(err))
		return nil
	}
	r.cost, r.docs = cost{}, 0 // of what was read; what was made of it counts as if it stood in files
	return b.take(top, resources)
}

// visit reads the kustomization in one of files, of which there should be one, and all that it refers to. It reports what is
// wrong with it, and returns nil where that makes the rest pointless.
func (b *build) visit(files []string) (*layer, error) {
	if b.full {
		return nil, nil
	}
	if l, ok := b.layers[path.Dir(files[0])]; ok {
		return l, nil
	}
	if err := b.ctx.Err(); err != nil {
		return nil, fmt.Errorf("read manifests: %w", err)
	}
	l, err := b.layer(files)
	b.layers[path.Dir(files[0])] = l
	if err != nil || l == nil {
		return nil, err
	}
	l.weight.layers = 1
	b.open = append(b.open, l.folder())
	defer func() { b.open = b.open[:len(b.open)-1] }()
	if len(b.open) > MaxDepth {
		b.stop(l.fail("resources", "", "kustomizations refer to each other more than %d deep", MaxDepth))
		return nil, nil
	}
	b.literals(l)
	for _, ref := range l.references() {
		if err := b.follow(l, ref); err != nil || b.full {
			return nil, err
		}
	}
	l.weight.objects += len(l.ConfigMapGenerator) + len(l.SecretGenerator)
	b.secrets = b.secrets || len(l.SecretGenerator) > 0
	if w := l.weight; w.objects > MaxRendered || w.layers > MaxRendered || w.bytes > MaxSize {
		b.stop(l.fail("resources", "", "with all that it refers to, more than %d objects or kustomizations, or %d bytes", MaxRendered, MaxSize))
		return nil, nil
	}
	text, err := l.rewritten()
	if err != nil {
		return nil, fmt.Errorf("render %s: the kustomization cannot be written", l.file)
	}
	b.closed.add(l.file, text)
	b.order = append(b.order, l)
	return l, nil
}

// input reads a file that is part of the rendering.
func (b *build) input(name string) ([]byte, bool, error) {
	text, ok, err := b.load(name)
	if err != nil || !ok {
		return nil, false, err
	}
	if b.size += len(text); b.size > MaxSize {
		b.stop(Error{File: name, Message: fmt.Sprintf("with it, more than %d bytes are read", MaxSize)})
		return nil, false, nil
	}
	b.secrets = b.secrets || bytes.Contains(text, []byte("Secret"))
	return text, true, nil
}

// read hands a file to kustomize, once it has been checked.
func (b *build) read(l *layer, ref reference, at string) error {
	if isKustomization(at) {
		b.report(l.fail(ref.field, ref.text, "%s is a kustomization; refer to its folder", shorten(at, 200)))
		return nil
	}
	text, known := b.closed.files[at]
	if !known {
		var ok bool
		var err error
		if text, ok, err = b.input(at); err != nil || !ok {
			return err
		}
		b.closed.add(at, text)
	}
	if as := (checkedAs{at, ref.use}); !b.checked[as] {
		b.checked[as] = true
		b.checkFile(ref.use, at, text)
	}
	if ref.use == asResource {
		l.weight.objects += len(b.sources[at])
	}
	l.weight.bytes += len(text)
	return nil
}

func (b *build) checkFile(use use, at string, text []byte) {
	switch use {
	case asResource, asConfig:
		b.documents(at, text, func(d document) {
			root, ok := b.parse(d)
			if !ok {
				return
			}
			b.quotes.note(root, "")
			if use == asResource {
				b.source(d, root)
			}
		})
		return
	case asVariables:
		b.checkVariables(at, text)
	}
	if bytes.HasPrefix(text, []byte(lfsPointer)) {
		b.report(Error{File: at, Line: 1, Message: lfsMessage})
	} else if line, message := junk(text); line > 0 {
		b.report(Error{File: at, Line: line, Message: message})
	}
}

// checkVariables reports a line that kustomize would end at without a word.
func (b *build) checkVariables(at string, text []byte) {
	line := 1
	for rest := text; len(rest) > 0; line++ {
		end := lineEnd(rest, 0)
		if end >= bufio.MaxScanTokenSize {
			b.report(Error{File: at, Line: line, Message: fmt.Sprintf("a line of more than %d bytes", bufio.MaxScanTokenSize)})
			return
		}
		rest = rest[end:]
	}
}

// inlineText checks a patch that stands in the kustomization itself.
func (b *build) inlineText(l *layer, ref reference) {
	first := l.fail(ref.field, ref.text, "").Line
	if n := scalar(l.root, withText(ref.text)); n != nil && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		first++
	}
	for _, d := range splitYAML(l.file, []byte(ref.inline)) {
		d.line += first - 1
		d.number = 1
		if root, ok := b.parse(d); ok {
			b.quotes.note(root, "")
		}
	}
}

// running holds one token while kustomize runs: it keeps schemas in variables of its packages.
var running = make(chan struct{}, 1)

var errPanic = errors.New("kustomize gave up")

// run lets kustomize render a layer.
func (b *build) run(l *layer) (made resmap.ResMap, err error) {
	select {
	case running <- struct{}{}:
		defer func() { <-running }()
	case <-b.ctx.Done():
		return nil, b.ctx.Err()
	}
	defer func() {
		if recover() != nil { // on input that it deems impossible
			made, err = nil, errPanic
		}
	}()
	return krusty.MakeKustomizer(&krusty.Options{
		Reorder:          l.reorder(),
		LoadRestrictions: types.LoadRestrictionsNone, // there is nothing to be found but what was read for it
		PluginConfig:     types.DisabledPluginConfig(),
	}).Run(b.closed, absolute(l.folder()))
}
