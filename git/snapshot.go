package git

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Snapshot is one commit, read-only and for good: whatever happens to the branch later, it reads the same files or
// says that it cannot. (That of a [WorkTree] is a folder instead.) The zero Snapshot holds nothing. It is safe for concurrent use.
type Snapshot struct {
	Revision Revision
	Author   string    // name of the commit's author, control characters escaped
	Message  string    // first line of the commit's message, control characters escaped
	Time     time.Time // when it was committed, to the second, as far as JSON has years and time zones for it

	// Rewritten says that the branch was at another commit before, from which this one does not go on: somebody has put it
	// back, or rewritten its history. False where that is not known.
	Rewritten bool

	Signer string // the key that vouches for it, where signatures are asked for

	// Moved is when the branch came to the commit, as the time of a folder's ref file tells: to the nanosecond, and
	// later than Time where the commit was made elsewhere. Zero where it is not known, as of every remote.
	Moved time.Time

	at         found
	root       plumbing.Hash
	objects    *objects
	repository string
	until      context.Context // a file system is read without one; nil for one that does not end
}

// readSnapshot reads the commit that was found, and sees to it that its root tree is there.
func readSnapshot(o *objects, repository string, at found) (Snapshot, error) {
	from := o.reader()
	defer from.close()
	p, err := from.peel(at.hash)
	if err != nil {
		return Snapshot{}, err
	}
	r := Revision{Ref: shownRef(at.full), Hash: p.hash.String()}
	commit, err := decodeCommit(p.commit)
	if err != nil {
		return Snapshot{}, fail(ErrCorrupt, "commit %s is malformed", r.Hash)
	}
	if _, err := from.read(commit.TreeHash, plumbing.TreeObject, maxTree); err != nil {
		return Snapshot{}, err
	}
	return Snapshot{
		Revision:   r,
		Author:     printable(commit.Author.Name),
		Message:    printable(firstLine(commit.Message)),
		Time:       written(commit.Committer.When),
		at:         at,
		root:       commit.TreeHash,
		objects:    o,
		repository: repository,
	}, nil
}

// written is a time as it can be written down: anybody may commit in the year 33658, or in a zone that is 99 hours ahead.
func written(t time.Time) time.Time {
	_, ahead := t.Zone()
	if day := 24 * 60 * 60; ahead <= -day || ahead >= day || t.Year() < 1 || t.Year() > 9999 {
		t = t.UTC()
	}
	switch {
	case t.Year() < 1:
		return time.Time{}
	case t.Year() > 9999:
		return time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
	}
	return t
}

// Files returns the regular files below folder, a slash-separated path from the root of the repository ("." is the
// root). All of them are read before it returns, so that the file system never fails later and may be kept.
//
// The error is of the kind [ErrPathNotFound] when there is no such folder (it names the nearest one), [ErrUnsupported]
// when there is a symlink, a submodule or an LFS pointer anywhere below it, and [ErrTooLarge] beyond the limits of this
// package. Each names the file, none its content.
func (s Snapshot) Files(folder string) (fs.FS, error) {
	if s.objects == nil {
		return nil, errZero
	}
	from := s.reader()
	defer from.close()
	root, err := s.find(from, folder)
	if err != nil {
		return nil, s.named(err)
	}
	if err := from.whole(root.hash); err != nil {
		return nil, s.named(within(root.name, err))
	}
	w := walk{reader: from, files: newFiles(s.Time), base: root.name}
	if err := w.tree(root.hash, "."); err != nil {
		return nil, s.named(err)
	}
	return w.files, nil
}

// TreeHash returns the hash of the folder's tree: it is equal for two commits when, and only when, all files below the
// folder are. Errors are those of [Snapshot.Files] as far as the folder itself goes.
func (s Snapshot) TreeHash(folder string) (string, error) {
	if s.objects == nil {
		return "", errZero
	}
	from := s.reader()
	defer from.close()
	root, err := s.find(from, folder)
	if err != nil {
		return "", s.named(err)
	}
	return root.hash.String(), nil
}

var errZero = fail(ErrNoCommits, "no commit has been read yet")

func (s Snapshot) named(err error) error {
	if s.Revision.IsZero() {
		return named(s.repository, err)
	}
	return named(s.repository+" "+s.Revision.String(), err)
}

// find returns the entry of folder, its name the whole path.
func (s Snapshot) find(from *reader, folder string) (entry, error) {
	clean := path.Clean(folder)
	if folder == "" || !fs.ValidPath(clean) {
		return entry{}, fail(ErrPathNotFound, "path %q is not inside the repository", printable(folder))
	}
	at := entry{name: ".", mode: filemode.Dir, hash: s.root}
	if clean == "." {
		return at, nil
	}
	for name := range strings.SplitSeq(clean, "/") {
		next, err := child(from, at, name)
		if errors.Is(err, ErrPathNotFound) {
			return entry{}, fail(ErrPathNotFound, "path %q not found: the nearest folder is %q", printable(clean), at.name)
		}
		if err != nil {
			return entry{}, err
		}
		at = next
	}
	return at, nil
}

// child returns the folder called name in the folder parent.
func child(from *reader, parent entry, name string) (entry, error) {
	content, err := from.read(parent.hash, plumbing.TreeObject, maxTree)
	if err != nil {
		return entry{}, err
	}
	entries, err := parseTree(content)
	if err != nil {
		return entry{}, err
	}
	for _, e := range entries {
		if e.name != name {
			continue
		}
		e.name = path.Join(parent.name, name)
		if err := checkShown(e.name); err != nil {
			return entry{}, err
		}
		if e.mode == filemode.Dir {
			return e, nil
		}
		if kind, odd := unsupported[e.mode]; odd {
			return entry{}, fail(ErrUnsupported, "%s: %s is not supported", e.name, kind)
		}
	}
	return entry{}, ErrPathNotFound
}
