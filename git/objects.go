package git

import (
	"errors"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	stdsync "sync"
	"sync/atomic"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"
)

const (
	// objectCache is how many bytes of delta bases are kept between two reads.
	objectCache = 4 << 20
	// maxAlternates is how deep object stores may borrow from others, as in git.
	maxAlternates = 5
)

// objects reads the objects of one repository on disk, those that it borrows included, while git may be repacking it.
// It is safe for concurrent use, which the storage of go-git is not.
type objects struct {
	gitDir string
	broken atomic.Bool // a read failed: what is here cannot be trusted

	mu     stdsync.Mutex
	stores []*filesystem.ObjectStorage // nil until it is needed, and again when it is out of date
}

func newObjects(gitDir string) *objects { return &objects{gitDir: gitDir} }

// read returns the content of the object, which is of type t and at most limit bytes long: [ErrTooLarge] otherwise,
// before memory is spent. What is returned has been checked against its hash. Anything else is [ErrCorrupt].
func (o *objects) read(h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	content, err := o.readOnce(h, t, limit)
	if err != nil && !errors.Is(err, ErrTooLarge) {
		o.stores = nil // git may have moved the object into another pack since
		content, err = o.readOnce(h, t, limit)
	}
	if err == nil || errors.Is(err, ErrTooLarge) {
		return content, err
	}
	o.broken.Store(true)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, fail(ErrCorrupt, "%s %s is missing from the repository", t, h)
	}
	return nil, fail(ErrCorrupt, "%s %s cannot be read: %s", t, h, reason(err))
}

// reopen forgets what it knows of the files, because some were added.
func (o *objects) reopen() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stores = nil
}

func (o *objects) readOnce(h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error) {
	if err := o.open(); err != nil {
		return nil, err
	}
	failed := plumbing.ErrObjectNotFound
	for _, store := range o.stores {
		content, err := readFrom(store, h, t, limit)
		if err == nil || errors.Is(err, ErrTooLarge) {
			return content, err
		}
		if !errors.Is(err, plumbing.ErrObjectNotFound) {
			failed = err
		}
	}
	return nil, failed
}

func readFrom(store *filesystem.ObjectStorage, h plumbing.Hash, t plumbing.ObjectType, limit int64) ([]byte, error) {
	size, err := store.EncodedObjectSize(h)
	if err != nil {
		return nil, err
	}
	if size > limit {
		return nil, fail(ErrTooLarge, "%d bytes, at most %d are read", size, limit)
	}
	object, err := store.EncodedObject(t, h)
	if err != nil {
		return nil, err
	}
	r, err := object.Reader()
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(io.LimitReader(r, size+1))
	if err := errors.Join(err, r.Close()); err != nil {
		return nil, err
	}
	// The storage checks no hash, and keeps what a failed read has left as if it were whole.
	if plumbing.ComputeHash(t, content) != h {
		return nil, errors.New("content does not match its hash")
	}
	return content, nil
}

func (o *objects) open() error {
	if o.stores != nil {
		return nil
	}
	dirs, err := alternates(filepath.Join(o.gitDir, "objects"), maxAlternates)
	if err != nil {
		return err
	}
	for _, dir := range dirs {
		folder := dotgit.New(osfs.New(filepath.Dir(dir)))
		store := filesystem.NewObjectStorage(folder, cache.NewObjectLRU(objectCache))
		o.stores = append(o.stores, store)
	}
	return nil
}

// alternates returns the object folder and those that it borrows from. go-git follows them for whole objects alone,
// not for sizes, and takes relative ones for absolute.
func alternates(dir string, depth int) ([]string, error) {
	dirs := []string{dir}
	text, err := readSmall(filepath.Join(dir, "info", "alternates"))
	if errors.Is(err, fs.ErrNotExist) || depth == 0 {
		return dirs, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		more, err := alternates(absolute(dir, line), depth-1)
		if err != nil {
			return nil, err
		}
		dirs = append(dirs, more...)
	}
	return dirs, nil
}
