package git

import (
	"bytes"
	"crypto/rand"
	"crypto/sha1"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	stdsync "sync"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// WorkTree returns the files below dir as they are on disk, committed or not, as if dir were the root of a commit: the same
// is refused as there (symlinks, folders with a repository of their own, LFS pointers, ...), within the same limits. A .git
// in dir itself is passed over, and so is nothing else: not what .gitignore names either.
//
// The Snapshot has no Revision. A file is read when it is asked for, so that one that is changed meanwhile reads as it is
// then. The hashes that it gives name files and not what is in them: they equal those of no other Snapshot.
func WorkTree(dir string) (Snapshot, error) {
	absolute, err := filepath.Abs(dir)
	if err != nil {
		return Snapshot{}, fail(ErrNotFound, "%s: %s", printable(dir), reason(err))
	}
	info, err := os.Stat(absolute)
	if err != nil {
		return Snapshot{}, fail(ErrNotFound, "%s: %s", printable(dir), reason(err))
	}
	if !info.IsDir() {
		return Snapshot{}, fail(ErrNotFound, "%s is not a folder", printable(dir))
	}
	w := &workTree{dir: absolute, names: map[plumbing.Hash]string{}}
	_, _ = rand.Read(w.salt[:]) // it never fails
	o := newObjects("")
	o.workTree = w
	return Snapshot{root: w.hash("."), objects: o, repository: printable(absolute)}, nil
}

// onDisk stands in for an object store where files are read as they are.
type onDisk interface {
	// read is [reader.read].
	read(h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error)
}

// workTree stands in for an object store: its trees are folders, its blobs files, and their hashes are made of their names.
type workTree struct {
	dir  string
	salt [sha1.Size]byte // so that no hash is another snapshot's, whose file of that name may be different

	mu    stdsync.Mutex
	names map[plumbing.Hash]string
}

// hash returns what stands for a path.
func (w *workTree) hash(name string) plumbing.Hash {
	h := plumbing.Hash(sha1.Sum(append(w.salt[:], name...)))
	w.mu.Lock()
	defer w.mu.Unlock()
	w.names[h] = name
	return h
}

// read is [reader.read] of what is on disk now.
func (w *workTree) read(h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error) {
	w.mu.Lock()
	name, known := w.names[h]
	w.mu.Unlock()
	if !known {
		return nil, fail(ErrCorrupt, "%s %s is not of this folder", t, h)
	}
	root, err := os.OpenRoot(w.dir) // whatever becomes a symlink meanwhile, it does not lead out
	if err != nil {
		return nil, fail(ErrNotFound, "%s", reason(err))
	}
	defer func() { _ = root.Close() }()
	if t == plumbing.TreeObject {
		return w.tree(root, name, limit)
	}
	return readBlob(root, name, limit)
}

// tree writes a folder as git does.
func (w *workTree) tree(root *os.Root, name string, limit int64) ([]byte, error) {
	entries, err := fs.ReadDir(root.FS(), name)
	if err != nil {
		return nil, fail(ErrCorrupt, "cannot be read: %s", reason(err))
	}
	var tree bytes.Buffer
	for _, e := range entries {
		if name == "." && strings.EqualFold(e.Name(), ".git") {
			continue
		}
		at := path.Join(name, e.Name())
		h := w.hash(at)
		fmt.Fprintf(&tree, "%o %s\x00", uint32(modeOf(root, at, e)), e.Name())
		tree.Write(h[:])
		if int64(tree.Len()) > limit {
			return nil, tooLarge(int64(tree.Len()), limit)
		}
	}
	return tree.Bytes(), nil
}

// oddMode is none of git's, and refused: sockets, pipes and devices.
const oddMode filemode.FileMode = 0o10000

func modeOf(root *os.Root, name string, e fs.DirEntry) filemode.FileMode {
	switch kind := e.Type(); {
	case kind.IsRegular():
		return filemode.Regular
	case kind&fs.ModeSymlink != 0:
		return filemode.Symlink
	case !kind.IsDir():
		return oddMode
	}
	if _, err := root.Lstat(path.Join(name, ".git")); err == nil {
		return filemode.Submodule
	}
	return filemode.Dir
}

// readBlob reads a file that was a regular one when its folder was read, and still is.
func readBlob(root *os.Root, name string, limit int64) ([]byte, error) {
	if info, err := root.Lstat(name); err != nil || !info.Mode().IsRegular() { // to open a pipe would block
		return nil, fail(ErrCorrupt, "changed while it was read")
	}
	file, err := root.Open(name)
	if err != nil {
		return nil, fail(ErrCorrupt, "cannot be read: %s", reason(err))
	}
	defer func() { _ = file.Close() }()
	content, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, fail(ErrCorrupt, "cannot be read: %s", reason(err))
	}
	if int64(len(content)) > limit {
		size := int64(len(content))
		if info, err := file.Stat(); err == nil {
			size = max(size, info.Size())
		}
		return nil, tooLarge(size, limit)
	}
	return content, nil
}
