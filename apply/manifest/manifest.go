package manifest

import (
	"context"
	"fmt"
	"io/fs"
	"path"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Manifest is one object as a commit has it.
type Manifest struct {
	Object   *unstructured.Unstructured
	ID       object.ID // of Object; without a namespace where the manifest names none
	File     string    // path inside the fs.FS; of a generated object that of the kustomization
	Line     int       // 1-based, where the object's content begins
	Document int       // 1-based, in its file; the objects of one List share it, and so do those that were generated
}

// Set is what Read found.
type Set struct {
	Manifests []Manifest // sorted by file, and in a file as they stand there
	Files     int        // files that were read
	Ignored   int        // documents without content: comments, null, an empty List; an empty file counts as one
}

// Options say how manifests are read.
type Options struct {
	// Vars are the values of ${NAME} in the objects, by name. Without any, nothing is looked for or replaced.
	Vars map[string]string
}

// Read is [Load] of the root of files, without variables.
func Read(ctx context.Context, files fs.FS) (Set, error) { return Load(ctx, files, ".", Options{}) }

// Load returns all objects of a folder, a slash-separated path from the root of a repository: those that its kustomization
// renders, if it has one, and those of all its manifests otherwise. Nothing outside the root is read, and nothing of it is
// held afterwards. All paths, also those in errors, are from the root.
//
// What is wrong with the manifests is an [Errors], with all problems together. Any other error, of reading or of ctx, is
// wrapped as it is. The Set is empty with every error.
func Load(ctx context.Context, root fs.FS, folder string, options Options) (Set, error) {
	clean := path.Clean(folder)
	if folder == "" || !fs.ValidPath(clean) {
		return Set{}, fmt.Errorf("read manifests: path %q is not inside the repository", shorten(folder, 100))
	}
	if err := options.check(); err != nil {
		return Set{}, err
	}
	r := newReader(root)
	r.folder, r.vars = clean, options.Vars
	if err := r.read(ctx); err != nil {
		return Set{}, err
	}
	if len(r.problems) > 0 {
		slices.SortStableFunc(r.problems, compareErrors)
		return Set{}, r.problems
	}
	return r.set, nil
}

// reader gathers objects and problems of one Read.
type reader struct {
	files    fs.FS
	folder   string
	vars     map[string]string
	quotes   quotes // of what kustomize read
	set      Set
	problems Errors
	seen     map[object.ID]Manifest // without their Object, to find duplicates
	docs     int                    // documents with content
	cost     cost                   // of all of them
	full     bool                   // a limit of all files together was met: nothing more is read
}

func newReader(files fs.FS) *reader {
	return &reader{files: files, folder: ".", quotes: quotes{}, seen: map[object.ID]Manifest{}}
}

func (r *reader) read(ctx context.Context) error {
	if r.linked(r.folder) {
		return nil
	}
	kustomizations, err := r.kustomizations(r.folder)
	switch {
	case err != nil:
		return err
	case len(kustomizations) > 0:
		return r.render(ctx, kustomizations)
	}
	return r.plain(ctx)
}

// plain reads all manifests below the folder as they stand.
func (r *reader) plain(ctx context.Context) error {
	found, err := r.list(ctx)
	if err != nil {
		return err
	}
	for _, file := range found {
		if r.full {
			break
		}
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read manifests: %w", err)
		}
		text, ok, err := r.load(file)
		if err != nil {
			return err
		}
		if ok {
			r.file(file, text)
		}
	}
	return nil
}

// file reads the documents of one file.
func (r *reader) file(name string, text []byte) {
	r.documents(name, text, func(d document) {
		if root, ok := r.parse(d); ok {
			r.value(d, root)
		}
	})
}

// documents calls take for each document of one file, and for none when the file is no plain text.
func (r *reader) documents(name string, text []byte, take func(document)) {
	text, ok := r.plainText(name, text)
	if !ok {
		return
	}
	var docs []document
	if isJSON(name) {
		docs = r.splitJSON(name, text)
	} else {
		docs = splitYAML(name, text)
	}
	r.docs += len(docs)
	if r.docs > MaxObjects {
		r.stop(Error{File: name, Message: fmt.Sprintf("more than %d documents in all", MaxObjects)})
	}
	for _, d := range docs {
		if r.full {
			return
		}
		take(d)
	}
	if len(docs) == 0 {
		r.set.Ignored++
	}
}

// report keeps a problem. With MaxErrors of them it is time to stop.
func (r *reader) report(e Error) {
	r.full = r.full || len(r.problems) >= MaxErrors
	if !r.full {
		r.problems = append(r.problems, e)
	}
}

// stop keeps a problem after which nothing more is read.
func (r *reader) stop(e Error) {
	r.report(e)
	r.full = true
}

// add keeps an object that has nothing wrong with it, unless there is one of its name already.
func (r *reader) add(m Manifest) {
	if first, ok := r.seen[m.ID]; ok {
		r.report(Error{File: m.File, Line: m.Line, Document: m.Document, Message: fmt.Sprintf(
			"%s%s is in %s:%d as well", m.ID, inNamespace(m.ID), first.File, first.Line)})
		return
	}
	if len(r.set.Manifests) == MaxObjects {
		r.stop(Error{File: m.File, Line: m.Line, Message: fmt.Sprintf("more than %d objects in all", MaxObjects)})
		return
	}
	r.seen[m.ID] = Manifest{File: m.File, Line: m.Line}
	r.set.Manifests = append(r.set.Manifests, m)
}

func inNamespace(id object.ID) string {
	if id.Namespace == "" {
		return ""
	}
	return " in namespace " + id.Namespace
}
