package git

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	stdsync "sync"
	"time"
)

// WorkTreeRef stands for a branch in the revisions of a folder that is read as it is on disk. The hash of such a revision is
// that of its files: it is no commit's.
const WorkTreeRef = "worktree"

// errMoving says that a folder changed while it was looked at.
var errMoving = fail(ErrCorrupt, "files change faster than they can be read: try again")

// OpenWorkTree returns the files below dir as a Repository whose head is what is on disk, committed or not, and whatever dir
// is a checkout of. The same is refused as in a commit, and a .git in dir itself is passed over, as are the files that editors
// make beside those that they edit. A Snapshot whose files have changed since it was fetched says that it cannot read them.
func OpenWorkTree(dir string) (*Repository, error) {
	at, err := parseAddress(dir)
	if err != nil {
		return nil, err
	}
	if at.remote != nil {
		return nil, fail(ErrURL, "%s is a remote: files as they are on disk are those of a folder", at)
	}
	e := &edited{dir: at.folder, name: at.String(), known: map[string]stamp{}}
	if err := e.check(); err != nil {
		return nil, named(e.name, err)
	}
	return &Repository{name: e.name, source: e}, nil
}

// edited is a folder that somebody works in. Each state of it is a revision of its own.
type edited struct {
	dir, name string

	mu    stdsync.Mutex
	known map[string]stamp // of the files, as they were looked at last
	last  Snapshot
}

func (e *edited) check() error {
	info, err := os.Stat(e.dir)
	if err != nil {
		return fail(ErrNotFound, "folder cannot be read: %s", reason(err))
	}
	if !info.IsDir() {
		return fail(ErrNotFound, "not a folder")
	}
	return nil
}

// fetch waits until the folder looks the same twice: who saves, or checks out another branch, writes many files, and what is
// there in the middle of it was never meant.
func (e *edited) fetch(ctx context.Context) (Snapshot, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	now, err := e.look()
	for try := 1; try < settleTries; try++ {
		if err == nil && now.hash() == e.last.Revision.Hash || err != nil && !errors.Is(err, ErrCorrupt) {
			break
		}
		before, failed := now, err
		select {
		case <-ctx.Done():
			return Snapshot{}, context.Cause(ctx)
		case <-time.After(settlePause):
		}
		if now, err = e.look(); err == nil && failed == nil && now.hash() == before.hash() {
			break
		}
	}
	if err != nil {
		return Snapshot{}, err
	}
	if now.hash() != e.last.Revision.Hash {
		e.last = now.snapshot(e.name)
	}
	return e.last, nil
}

func (e *edited) look() (*state, error) {
	if err := e.check(); err != nil {
		return nil, err
	}
	s, err := look(e.dir, e.known)
	if err == nil {
		e.known = s.stamps
	}
	return s, err
}

// maxWatched bounds how many folders are watched; what is in others is noticed at the pace of the poll.
const maxWatched = 10_000

// watch returns the folder and those below it, those near the top first.
func (e *edited) watch() []string {
	folders := []string{e.dir}
	for next := 0; next < len(folders); next++ {
		entries, err := os.ReadDir(folders[next])
		if err != nil {
			continue // it has gone meanwhile, or nobody may look into it
		}
		for _, entry := range entries {
			if len(folders) == maxWatched {
				return folders
			}
			if entry.IsDir() && entry.Name() != ".git" {
				folders = append(folders, filepath.Join(folders[next], entry.Name()))
			}
		}
	}
	return folders
}

func (e *edited) close() error { return nil }
