package git

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// state is what a folder on disk held at one time. It stands in for an object store, whose hashes are made of what is in the
// files and folders; their content is read when it is asked for, and is an error once it is another.
type state struct {
	dir    string
	root   plumbing.Hash
	trees  map[plumbing.Hash][]byte
	files  map[plumbing.Hash][]string // all that have the content
	broken map[plumbing.Hash]error    // what cannot be read, which harms nobody who does not ask for it
	stamps map[string]stamp
	before map[string]stamp
	newest time.Time
}

// stamp is a file as it was when its content was hashed.
type stamp struct {
	info os.FileInfo
	hash plumbing.Hash
	at   time.Time
}

// coarse is more than the distance of two times that a file system can tell apart: a file that was changed more recently
// than that before it was hashed may have been changed again, and looks the same.
const coarse = 2 * time.Second

// holds reports whether a file must have the content that it had then.
func (s stamp) holds(info os.FileInfo) bool {
	return s.info != nil && os.SameFile(s.info, info) && s.info.Size() == info.Size() &&
		s.info.ModTime().Equal(info.ModTime()) && s.at.Sub(info.ModTime()) > coarse
}

// look reads all folders, and those of the files that are not as they were before.
func look(dir string, before map[string]stamp) (*state, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fail(ErrNotFound, "folder cannot be read: %s", reason(err))
	}
	defer func() { _ = root.Close() }()
	s := &state{
		dir: dir, trees: map[plumbing.Hash][]byte{}, files: map[plumbing.Hash][]string{}, broken: map[plumbing.Hash]error{},
		stamps: map[string]stamp{}, before: before,
	}
	s.root, err = s.folder(root, ".", new(int))
	s.before = nil
	return s, err
}

// folder returns the hash of a folder, which is open, written as git does. Entries counts what was looked at in all.
func (s *state) folder(open *os.Root, name string, entries *int) (plumbing.Hash, error) {
	children, err := fs.ReadDir(open.FS(), ".")
	if err != nil {
		return s.refuse(name, err), nil
	}
	if *entries += len(children); *entries > MaxPathEntries {
		return plumbing.ZeroHash, fail(ErrTooLarge, "more than %d files and folders: give a folder that holds fewer", MaxPathEntries)
	}
	var tree bytes.Buffer
	for _, e := range children {
		if scratch.MatchString(e.Name()) || name == "." && strings.EqualFold(e.Name(), ".git") {
			continue
		}
		mode := modeOf(open, e.Name(), e)
		hash, err := s.entry(open, path.Join(name, e.Name()), mode, entries)
		if err != nil {
			return plumbing.ZeroHash, err
		}
		fmt.Fprintf(&tree, "%o %s\x00", uint32(mode), e.Name())
		tree.Write(hash[:])
	}
	hash := plumbing.ComputeHash(plumbing.TreeObject, tree.Bytes())
	s.trees[hash] = tree.Bytes()
	return hash, nil
}

// scratch are names of what editors make while they edit: backups, locks, swap files, and files that become the real one.
var scratch = regexp.MustCompile(`^(\..*\.sw[a-z]|\.sw[a-z]|.*~|\.#.*|#.*#|4913|\.DS_Store|.*___jb_(tmp|old|bak)___|\.goutputstream-.*)$`)

// entry returns the hash of what is in an open folder.
func (s *state) entry(open *os.Root, name string, mode filemode.FileMode, entries *int) (plumbing.Hash, error) {
	switch mode {
	case filemode.Dir:
		below, err := open.OpenRoot(path.Base(name)) // so that no file below needs the whole way to it
		if errors.Is(err, fs.ErrNotExist) {
			return plumbing.ZeroHash, errMoving
		}
		if err != nil {
			return s.refuse(name, err), nil
		}
		defer func() { _ = below.Close() }()
		return s.folder(below, name, entries)
	case filemode.Regular:
		return s.file(open, name)
	}
	return plumbing.ComputeHash(plumbing.BlobObject, []byte(name)), nil // refused by its kind, whatever is in it
}

func (s *state) file(open *os.Root, name string) (plumbing.Hash, error) {
	info, err := open.Lstat(path.Base(name))
	if err != nil || !info.Mode().IsRegular() {
		return plumbing.ZeroHash, errMoving
	}
	if s.newest.Before(info.ModTime()) {
		s.newest = info.ModTime()
	}
	known := s.before[name]
	if !known.holds(info) {
		known = stamp{info: info, at: time.Now()}
		if known.hash, err = s.content(open, name, info); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	s.stamps[name] = known
	s.files[known.hash] = append(s.files[known.hash], name)
	return known.hash, nil
}

// content returns the hash of what is in a file; of one that is too large, or may not be read, one of its looks.
func (s *state) content(open *os.Root, name string, info os.FileInfo) (plumbing.Hash, error) {
	looks := plumbing.ComputeHash(plumbing.BlobObject, fmt.Appendf(nil, "%s\x00%d\x00%d", name, info.Size(), info.ModTime().UnixNano()))
	if info.Size() > MaxFileSize {
		return looks, nil
	}
	content, err := readBlob(open, path.Base(name), MaxFileSize)
	switch {
	case err == nil:
		return plumbing.ComputeHash(plumbing.BlobObject, content), nil
	case errors.Is(err, ErrTooLarge):
		return looks, nil
	}
	if _, gone := open.Lstat(path.Base(name)); gone != nil {
		return plumbing.ZeroHash, errMoving
	}
	s.broken[looks] = err
	return looks, nil
}

// refuse returns a hash for a folder that cannot be read.
func (s *state) refuse(name string, err error) plumbing.Hash {
	hash := plumbing.ComputeHash(plumbing.TreeObject, []byte("unreadable\x00"+name))
	s.broken[hash] = fail(ErrCorrupt, "cannot be read: %s", reason(err))
	return hash
}

func (s *state) hash() string { return s.root.String() }

func (s *state) snapshot(repository string) Snapshot {
	o := newObjects("")
	o.workTree = s
	return Snapshot{
		Revision: Revision{Ref: WorkTreeRef, Hash: s.hash()}, Message: "Files as they are on disk", Time: written(s.newest),
		root: s.root, objects: o, repository: repository,
	}
}

// read is [reader.read] of what was there then.
func (s *state) read(h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error) {
	if err := s.broken[h]; err != nil {
		return nil, err
	}
	if t == plumbing.TreeObject {
		if tree, ok := s.trees[h]; ok {
			return tree, nil
		}
		return nil, fail(ErrCorrupt, "%s %s is not of this folder", t, h)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, fail(ErrNotFound, "%s", reason(err))
	}
	defer func() { _ = root.Close() }()
	err = fail(ErrCorrupt, "%s %s is not of this folder", t, h)
	for _, name := range s.files[h] {
		var content []byte
		if content, err = readBlob(root, name, limit); err == nil && plumbing.ComputeHash(plumbing.BlobObject, content) == h {
			return content, nil
		}
		if err == nil {
			err = fail(ErrCorrupt, "changed since it was looked at")
		}
	}
	return nil, err
}
