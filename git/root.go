package git

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	stdsync "sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Root is the root folder of a commit, whose trees and blobs are read from the object store when they are asked for and
// not before. What it refuses and how much it reads in all is as for [Snapshot.Files], for what is asked for alone: a
// symlink that nobody opens or lists harms nobody.
//
// It notes what was looked at. Whatever is there and cannot be read is an error that [Root.Err] keeps, never
// fs.ErrNotExist: a read is complete only when Err returns nil. A path that does not exist is fs.ErrNotExist, and
// [ErrPathNotFound] as well. It is safe for concurrent use.
type Root struct {
	snapshot Snapshot

	mu      stdsync.Mutex
	trees   *trees
	nodes   map[string]*node // files with their content, and folders with what is in them
	trace   map[string]string
	entries int
	bytes   int64
	err     error
}

var (
	_ fs.ReadDirFS  = (*Root)(nil)
	_ fs.ReadFileFS = (*Root)(nil)
	_ fs.StatFS     = (*Root)(nil)
)

// Root returns the commit's root folder; nothing is read yet. One that is not needed any more should be closed.
func (s Snapshot) Root() *Root {
	r := &Root{snapshot: s, nodes: map[string]*node{}, trace: map[string]string{}}
	if s.objects != nil {
		r.trees = newTrees(s.reader(), s.root)
	}
	return r
}

// Close lets go of the files of the object store. The Root can still be used, and opens them again.
func (r *Root) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.trees != nil {
		r.trees.reader.close()
	}
	return nil
}

// Err returns the first error but fs.ErrNotExist and fs.ErrInvalid that any call returned.
func (r *Root) Err() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.err
}

// Trace returns what was looked at until now: the hash of each file and folder, "" for what was looked for in vain. A
// folder that was listed or asked about counts with all that is below it. Where [Snapshot.Hashes] of another commit has
// the same for all of these paths, reading the same there gives the same.
func (r *Root) Trace() map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	trace := maps.Clone(r.trace)
	maps.DeleteFunc(trace, func(name, _ string) bool { return r.covered(name) })
	return trace
}

// covered says whether a folder around the path is in the trace, so that its hash vouches for the path.
func (r *Root) covered(name string) bool {
	for name != "." {
		name = path.Dir(name)
		if _, ok := r.trace[name]; ok {
			return true
		}
	}
	return false
}

// Open implements fs.FS.
func (r *Root) Open(name string) (fs.File, error) {
	n, err := r.node("open", name)
	if err != nil {
		return nil, err
	}
	if n.folder {
		return &openFolder{node: n}, nil
	}
	return &openFile{node: n, Reader: bytes.NewReader(n.content)}, nil
}

// ReadFile implements fs.ReadFileFS. The caller owns the bytes.
func (r *Root) ReadFile(name string) ([]byte, error) {
	n, err := r.node("read", name)
	if err == nil && n.folder {
		err = &fs.PathError{Op: "read", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return bytes.Clone(n.content), nil
}

// ReadDir implements fs.ReadDirFS.
func (r *Root) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := r.node("readdir", name)
	if err == nil && !n.folder {
		err = &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrInvalid}
	}
	if err != nil {
		return nil, err
	}
	return append([]fs.DirEntry{}, n.children...), nil
}

// Stat implements fs.StatFS.
func (r *Root) Stat(name string) (fs.FileInfo, error) {
	n, err := r.node("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// node returns the file or folder at a path, and notes that it was looked at.
func (r *Root) node(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n, ok := r.nodes[name]; ok {
		return n, nil
	}
	n, err := r.load(name)
	if nowhere, ok := errors.AsType[*nowhereError](err); ok {
		return nil, &fs.PathError{Op: op, Path: name, Err: nowhere}
	}
	if err != nil {
		err = r.snapshot.named(err)
		if r.err == nil {
			r.err = err
		}
		return nil, err
	}
	r.nodes[name] = n
	return n, nil
}

func (r *Root) load(name string) (*node, error) {
	if r.trees == nil {
		return nil, errZero
	}
	at, found, err := r.trees.find(name)
	if err == nil && found {
		err = at.refusal()
	}
	switch {
	case err != nil:
		return nil, err
	case !found:
		r.trace[name] = ""
		return nil, &nowhereError{nearest: at.name}
	}
	n := &node{path: name, time: r.snapshot.Time}
	if at.mode == filemode.Dir {
		n.folder = true
		n.children, err = r.list(at)
	} else {
		n.content, err = r.content(at)
	}
	if err != nil {
		return nil, err
	}
	r.trace[name] = at.hash.String()
	return n, nil
}

// list refuses what [Snapshot.Files] refuses among the entries of a folder. They are read when somebody asks for more than
// their names.
func (r *Root) list(at entry) ([]fs.DirEntry, error) {
	if err := r.trees.reader.whole(at.hash); err != nil {
		return nil, within(at.name, err)
	}
	below, err := r.trees.below(at)
	if err != nil {
		return nil, err
	}
	if r.entries += len(below); r.entries > MaxPathEntries {
		return nil, fail(ErrTooLarge, "%s: more than %d files and folders were listed", printable(at.name), MaxPathEntries)
	}
	children := make([]fs.DirEntry, 0, len(below))
	for _, e := range below {
		e.name = path.Join(at.name, e.name)
		if err := e.refusal(); err != nil {
			return nil, err
		}
		children = append(children, &rootEntry{root: r, path: e.name, folder: e.mode == filemode.Dir})
	}
	return children, nil
}

func (r *Root) content(at entry) ([]byte, error) {
	if err := r.trees.beside(at); err != nil {
		return nil, within(at.name, err)
	}
	content, err := r.trees.reader.read(at.hash, plumbing.BlobObject, MaxFileSize)
	if err != nil {
		return nil, within(at.name, err)
	}
	if r.bytes += int64(len(content)); r.bytes > MaxPathSize {
		return nil, fail(ErrTooLarge, "%s: more than %d bytes of files were read with it", printable(at.name), int64(MaxPathSize))
	}
	if isLFSPointer(content) {
		return nil, fail(ErrUnsupported, "%s: an LFS pointer is not supported", printable(at.name))
	}
	return content, nil
}

// nowhereError says that a path does not exist.
type nowhereError struct{ nearest string }

func (e *nowhereError) Error() string {
	return fmt.Sprintf("path not found: the nearest folder is %q", printable(e.nearest))
}

func (e *nowhereError) Is(target error) bool {
	return target == fs.ErrNotExist || target == ErrPathNotFound
}

// rootEntry is a file or folder as its folder lists it.
type rootEntry struct {
	root   *Root
	path   string
	folder bool
}

func (e *rootEntry) Name() string               { return path.Base(e.path) }
func (e *rootEntry) IsDir() bool                { return e.folder }
func (e *rootEntry) Info() (fs.FileInfo, error) { return e.root.Stat(e.path) }
func (e *rootEntry) String() string             { return fs.FormatDirEntry(e) }

func (e *rootEntry) Type() fs.FileMode {
	if e.folder {
		return fs.ModeDir
	}
	return 0
}
