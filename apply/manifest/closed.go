package manifest

import (
	"errors"
	"io/fs"
	"path"
	"path/filepath"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

var errReadOnly = errors.New("read-only")

// closed is the file system that kustomize works in: what was read for it before, by path from the root of the
// repository, which is / to it. Nothing else can be reached through it, and nothing written.
type closed struct {
	files   map[string][]byte
	folders map[string]bool
}

var _ filesys.FileSystem = closed{}

func newClosed() closed {
	return closed{files: map[string][]byte{}, folders: map[string]bool{".": true}}
}

func (c closed) add(name string, text []byte) {
	c.files[name] = text
	for name != "." {
		name = path.Dir(name)
		c.folders[name] = true
	}
}

// inside returns the path from the repository's root.
func inside(name string) string {
	if name = path.Clean("/" + filepath.ToSlash(name)); name != "/" {
		return name[1:]
	}
	return "."
}

func absolute(name string) string { return path.Clean("/" + name) }

func missing(op, name string) error {
	return &fs.PathError{Op: op, Path: inside(name), Err: fs.ErrNotExist}
}

// ReadFile returns a file's content, which the caller may change.
func (c closed) ReadFile(name string) ([]byte, error) {
	text, ok := c.files[inside(name)]
	if !ok {
		return nil, missing("read", name)
	}
	return append([]byte{}, text...), nil
}

// CleanedAbs says whether a path is a folder or a file in one.
func (c closed) CleanedAbs(name string) (filesys.ConfirmedDir, string, error) {
	at := inside(name)
	if c.folders[at] {
		return filesys.ConfirmedDir(absolute(at)), "", nil
	}
	if _, ok := c.files[at]; !ok {
		return "", "", missing("stat", name)
	}
	return filesys.ConfirmedDir(absolute(path.Dir(at))), path.Base(at), nil
}

// Exists says whether there is such a file or folder.
func (c closed) Exists(name string) bool {
	_, ok := c.files[inside(name)]
	return ok || c.IsDir(name)
}

// IsDir says whether there is such a folder.
func (c closed) IsDir(name string) bool { return c.folders[inside(name)] }

// What kustomize's build does not call: it lists nothing, and writes nothing.

func (c closed) Open(name string) (filesys.File, error) { return nil, missing("open", name) }

func (c closed) ReadDir(name string) ([]string, error)       { return nil, missing("readdir", name) }
func (c closed) Glob(string) ([]string, error)               { return nil, nil }
func (c closed) Walk(name string, _ filepath.WalkFunc) error { return missing("walk", name) }
func (c closed) Create(string) (filesys.File, error)         { return nil, errReadOnly }
func (c closed) Mkdir(string) error                          { return errReadOnly }
func (c closed) MkdirAll(string) error                       { return errReadOnly }
func (c closed) RemoveAll(string) error                      { return errReadOnly }
func (c closed) WriteFile(string, []byte) error              { return errReadOnly }
