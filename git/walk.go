package git

import (
	"bytes"
	"errors"
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// unsupported are the kinds of entries that lead out of the commit, so that their content is not in it.
var unsupported = map[filemode.FileMode]string{
	filemode.Symlink:   "a symlink",
	filemode.Submodule: "a submodule",
}

const (
	// lfsPointer is how a pointer begins, and maxPointer how long one is at most, by git-lfs's specification.
	lfsPointer = "version https://git-lfs.github.com/spec/"
	maxPointer = 1024
	// maxDepth is how many folders may be inside each other.
	maxDepth = 100
)

// walk reads all files below one tree into memory, within the limits.
type walk struct {
	reader  *reader
	files   *files
	base    string // the path of the tree that it began with, for errors
	depth   int
	entries int
	bytes   int64
}

func (w *walk) tree(h plumbing.Hash, at string) error {
	if w.depth++; w.depth > maxDepth {
		return fail(ErrTooLarge, "%s: more than %d folders inside each other", w.shown(at), maxDepth)
	}
	defer func() { w.depth-- }()
	content, err := w.reader.read(h, plumbing.TreeObject, maxTree)
	if err != nil {
		return w.at(at, err)
	}
	entries, err := parseTree(content)
	if err != nil {
		return w.at(at, err)
	}
	if w.entries += len(entries); w.entries > MaxPathEntries {
		return fail(ErrTooLarge, "%s: more than %d files and folders below it", w.shown("."), MaxPathEntries)
	}
	for _, e := range entries {
		if err := w.entry(e, path.Join(at, e.name)); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) entry(e entry, at string) error {
	if err := checkShown(e.name); err != nil {
		return w.at(path.Dir(at), err)
	}
	switch kind := unsupported[e.mode]; {
	case kind != "":
		return fail(ErrUnsupported, "%s: %s is not supported", w.shown(at), kind)
	case e.mode == filemode.Dir:
		w.files.addFolder(at)
		return w.tree(e.hash, at)
	case e.mode.IsFile():
		return w.file(e, at)
	}
	return fail(ErrUnsupported, "%s: mode %s is not supported", w.shown(at), e.mode)
}

func (w *walk) file(e entry, at string) error {
	content, err := w.reader.read(e.hash, plumbing.BlobObject, MaxFileSize)
	if err != nil {
		return w.at(at, err)
	}
	if w.bytes += int64(len(content)); w.bytes > MaxPathSize {
		return fail(ErrTooLarge, "%s: more than %d bytes of files below it", w.shown("."), int64(MaxPathSize))
	}
	if isLFSPointer(content) {
		return fail(ErrUnsupported, "%s: an LFS pointer is not supported", w.shown(at))
	}
	w.files.addFile(at, content)
	return nil
}

func isLFSPointer(content []byte) bool {
	return len(content) <= maxPointer && bytes.HasPrefix(content, []byte(lfsPointer))
}

func (w *walk) at(at string, err error) error { return within(path.Join(w.base, at), err) }

func (w *walk) shown(at string) string { return printable(path.Join(w.base, at)) }

// within puts the path in front of an error, and keeps its kind.
func within(name string, err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return fail(f.kind, "%s: %s", printable(name), f.text)
	}
	return err
}
