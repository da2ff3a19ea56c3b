package git

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing"
)

// objects are the objects of one repository on disk, those that it borrows from others included.
type objects struct {
	gitDir   string
	broken   atomic.Bool // a read failed: what is here cannot be trusted
	workTree onDisk      // what is read instead; nil for a repository's objects
	leftOut  atomic.Bool // files that are missing may be here, and too large to be told which they are
	parsed   treeCache   // of those trees

	// fill fetches what a copy of parts lacks. It is nil for any other copy, and set before anybody reads from these.
	fill func(context.Context, wants) error
}

func newObjects(gitDir string) *objects { return &objects{gitDir: gitDir} }

// reader returns a reader for one operation. It must be closed.
func (o *objects) reader() *reader { return newReader(o) }

// reader reads objects, and holds packs open meanwhile, so that git may repack and delete them. It is for one goroutine.
//
// It stands in for the object storage of go-git, which unpacks without a bound, checks no hash, keeps what a failed read
// has left as if it were whole, finds no sizes in borrowed stores, and opens a file for each object.
type reader struct {
	objects  *objects
	folders  []string               // object folders; nil until the first read
	packs    []*pack                // the one that was used last comes first
	listed   bool                   // packs holds what there is
	fill     func(wants) error      // nil where all objects should be here
	complete map[plumbing.Hash]bool // trees that are here with all that is below them, as far as that was looked at
	inflater
	bases     map[place]raw // what deltas were applied to
	basesSize int
	work      int64        // what was made by that, in bytes
	stop      func() error // says when to leave off, in place of a bound on the work; may be nil
}

func newReader(o *objects) *reader { return &reader{objects: o, bases: map[place]raw{}} }

// errMissing says that an object is nowhere.
var errMissing = errors.New("object not found")

// read returns the content of the object, which is of type t and at most limit bytes long: [ErrTooLarge] otherwise,
// before memory is spent. What is returned has been checked against its hash. All other errors are [ErrCorrupt].
func (r *reader) read(h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error) {
	if r.objects.workTree != nil {
		return r.objects.workTree.read(h, t, limit)
	}
	object, err := r.object(h, t, limit)
	return object.content, err
}

// object is read of an object whose type is told as well.
func (r *reader) object(h plumbing.Hash, t plumbing.ObjectType, limit int64) (raw, error) {
	object, err := r.once(h, t, limit)
	if r.fill != nil && errors.Is(err, errMissing) {
		if err := r.fill(wanting(h, t)); err != nil {
			return raw{}, err
		}
	}
	if err != nil && !errors.Is(err, ErrTooLarge) {
		r.close() // git may have moved the object into another pack since
		object, err = r.once(h, t, limit)
	}
	if err == nil || errors.Is(err, ErrTooLarge) {
		return object, err
	}
	missing := errors.Is(err, errMissing)
	if missing && t == plumbing.BlobObject && r.objects.leftOut.Load() {
		return raw{}, errLeftOut(limit)
	}
	r.objects.broken.Store(true)
	kind := t.String()
	if t == plumbing.AnyObject {
		kind = "object"
	}
	if missing {
		return raw{}, r.objects.missing(kind, h)
	}
	return raw{}, fail(ErrCorrupt, "%s %s cannot be read: %s", kind, h, reason(err))
}

// once looks in all places, since a damaged object may be whole in another.
func (r *reader) once(h plumbing.Hash, t plumbing.ObjectType, limit int64) (raw, error) {
	if r.folders == nil {
		folders, err := alternates(filepath.Join(r.objects.gitDir, "objects"))
		if err != nil {
			return raw{}, err
		}
		r.folders = folders
	}
	failed := errMissing
	for _, find := range []func(plumbing.Hash, int64) (raw, error){r.loose, r.packed} {
		object, err := find(h, limit)
		if err == nil {
			err = object.check(h, t)
		}
		if err == nil || errors.Is(err, ErrTooLarge) {
			return object, err
		}
		if !errors.Is(err, errMissing) {
			failed = err
		}
	}
	return raw{}, failed
}

// packed looks for the object in all packs.
func (r *reader) packed(h plumbing.Hash, limit int64) (raw, error) {
	if !r.listed {
		if err := r.list(); err != nil {
			return raw{}, err
		}
	}
	failed := errMissing
	for i, p := range r.packs {
		offset, err := p.find(h)
		var object raw
		if err == nil {
			object, err = r.at(p, offset, limit)
		}
		if err == nil || errors.Is(err, ErrTooLarge) {
			copy(r.packs[1:i+1], r.packs[:i])
			r.packs[0] = p
			return object, err
		}
		if !errors.Is(err, errMissing) {
			failed = err
		}
	}
	return raw{}, failed
}

// has reports whether the object is in a pack, without reading it.
func (r *reader) has(h plumbing.Hash) (bool, error) {
	if r.folders == nil {
		r.folders = []string{filepath.Join(r.objects.gitDir, "objects")}
	}
	if !r.listed {
		if err := r.list(); err != nil {
			return false, err
		}
	}
	for i, p := range r.packs {
		switch _, err := p.find(h); {
		case err == nil:
			copy(r.packs[1:i+1], r.packs[:i])
			r.packs[0] = p
			return true, nil
		case !errors.Is(err, errMissing):
			return false, err
		}
	}
	return false, nil
}

// list finds the packs that there are now; they are opened when they are needed.
func (r *reader) list() error {
	for _, folder := range r.folders {
		folder = filepath.Join(folder, "pack")
		entries, err := os.ReadDir(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, e := range entries {
			if name, ok := strings.CutSuffix(e.Name(), packExt); ok {
				r.packs = append(r.packs, &pack{base: filepath.Join(folder, name)})
			}
		}
	}
	r.listed = true
	return nil
}

// close lets go of all files. The reader can be used again, and looks anew for what there is.
func (r *reader) close() {
	for _, p := range r.packs {
		p.close()
	}
	r.release()
	clear(r.bases)
	r.packs, r.listed, r.folders, r.basesSize, r.work = nil, false, nil, 0, 0
}

// raw is an object as it is stored.
type raw struct {
	kind    plumbing.ObjectType
	content []byte
	deltas  int // that were applied to make it
}

// isWhole tells objects from deltas, and from numbers that mean nothing.
func isWhole(kind plumbing.ObjectType) bool {
	return kind >= plumbing.CommitObject && kind <= plumbing.TagObject
}

func (o raw) check(h plumbing.Hash, t plumbing.ObjectType) error {
	if plumbing.ComputeHash(o.kind, o.content) != h {
		return errors.New("content does not match its hash")
	}
	if o.kind != t && t != plumbing.AnyObject {
		return errors.New("it is a " + o.kind.String())
	}
	return nil
}

func tooLarge(size, limit int64) error {
	return fail(ErrTooLarge, "%d bytes, at most %d are read", size, limit)
}
