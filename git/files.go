package git

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// files is a read-only file system in memory.
type files struct {
	time  time.Time
	nodes map[string]*node // by path, "." is the root
}

// node is a file or a folder, and its own fs.FileInfo and fs.DirEntry.
type node struct {
	path     string
	folder   bool
	content  []byte
	children []fs.DirEntry // of a folder, sorted by name
	time     time.Time
}

var (
	_ fs.ReadDirFS  = (*files)(nil)
	_ fs.ReadFileFS = (*files)(nil)
	_ fs.StatFS     = (*files)(nil)
)

func newFiles(t time.Time) *files {
	root := &node{path: ".", folder: true, time: t}
	return &files{time: t, nodes: map[string]*node{".": root}}
}

func (f *files) addFolder(name string) { f.add(&node{path: name, folder: true, time: f.time}) }

func (f *files) addFile(name string, content []byte) {
	f.add(&node{path: name, content: content, time: f.time})
}

// add puts n into its folder, which must be there. Folders stay sorted by name: git sorts them as if they ended in /.
func (f *files) add(n *node) {
	f.nodes[n.path] = n
	parent := f.nodes[path.Dir(n.path)]
	at, _ := slices.BinarySearchFunc(parent.children, n.Name(), func(e fs.DirEntry, name string) int {
		return strings.Compare(e.Name(), name)
	})
	parent.children = slices.Insert(parent.children, at, fs.DirEntry(n))
}

func (f *files) find(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n, ok := f.nodes[name]
	if !ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Open implements fs.FS.
func (f *files) Open(name string) (fs.File, error) {
	n, err := f.find("open", name)
	if err != nil {
		return nil, err
	}
	if n.folder {
		return &openFolder{node: n}, nil
	}
	return &openFile{node: n, Reader: bytes.NewReader(n.content)}, nil
}

// ReadFile implements fs.ReadFileFS. The caller owns the bytes.
func (f *files) ReadFile(name string) ([]byte, error) {
	n, err := f.find("read", name)
	if err == nil && n.folder {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(n.content), nil
}

// ReadDir implements fs.ReadDirFS.
func (f *files) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := f.find("readdir", name)
	if err == nil && !n.folder {
		err = &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return slices.Clone(n.children), nil
}

// Stat implements fs.StatFS.
func (f *files) Stat(name string) (fs.FileInfo, error) {
	n, err := f.find("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

func (n *node) Name() string               { return path.Base(n.path) }
func (n *node) Size() int64                { return int64(len(n.content)) }
func (n *node) ModTime() time.Time         { return n.time }
func (n *node) IsDir() bool                { return n.folder }
func (n *node) Type() fs.FileMode          { return n.Mode().Type() }
func (n *node) Info() (fs.FileInfo, error) { return n, nil }
func (n *node) Sys() any                   { return nil }
func (n *node) String() string             { return fs.FormatFileInfo(n) }

func (n *node) Mode() fs.FileMode {
	if n.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// openFile is a file that is being read.
type openFile struct {
	*bytes.Reader
	node *node
}

func (f *openFile) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *openFile) Close() error               { return nil }

// openFolder is a folder that is being listed.
type openFolder struct {
	node *node
	next int
}

func (f *openFolder) Stat() (fs.FileInfo, error) { return f.node, nil }
func (f *openFolder) Close() error               { return nil }

func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.node.path, Err: fs.ErrInvalid}
}

// ReadDir implements fs.ReadDirFile.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	rest := f.node.children[f.next:]
	if n <= 0 {
		n = len(rest)
	} else if len(rest) == 0 {
		return nil, io.EOF
	}
	rest = rest[:min(n, len(rest))]
	f.next += len(rest)
	return slices.Clone(rest), nil
}
