package git

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	stdsync "sync"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// settle is how long a state that git is still writing is given, in tries and in time between two of them.
	settleTries = 10
	settlePause = 20 * time.Millisecond
	// shownBranches is how many branches an error lists.
	shownBranches = 5
)

// local reads a branch of a repository on this machine from its files, which git may change at any time.
type local struct {
	root   string // where the repository was found: another one above it is not meant, should this one go away
	branch string

	mu      stdsync.Mutex
	objects *objects
	last    Snapshot
}

func newLocal(folder, branch string) (*local, error) {
	root, err := findRoot(folder)
	return &local{root: root, branch: branch}, err
}

func (l *local) fetch(ctx context.Context) (Snapshot, error) {
	for try := 1; ; try++ {
		s, err := l.read()
		if err == nil || !errors.Is(err, ErrCorrupt) || try == settleTries {
			return s, err
		}
		select {
		case <-ctx.Done():
			return Snapshot{}, context.Cause(ctx)
		case <-time.After(settlePause):
		}
	}
}

func (l *local) read() (Snapshot, error) {
	at, err := l.layout()
	if err != nil {
		return Snapshot{}, err
	}
	hash, err := at.resolve(heads + l.branch)
	if errors.Is(err, errNoRef) {
		return Snapshot{}, l.missing(at)
	}
	if err != nil {
		return Snapshot{}, err
	}
	return l.snapshot(at, hash)
}

func (l *local) layout() (layout, error) {
	at, found, err := layoutAt(l.root)
	if err == nil && !found {
		err = fail(ErrNotFound, "git repository is gone")
	}
	return at, err
}

func (l *local) snapshot(at layout, hash plumbing.Hash) (Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.objects == nil || l.objects.gitDir != at.commonDir {
		l.objects = newObjects(at.commonDir)
	} else if l.last.Revision.Hash == hash.String() {
		return l.last, nil
	}
	s, err := readSnapshot(l.objects, printable(l.root), Revision{Ref: l.branch, Hash: hash.String()})
	if err == nil {
		s.Moved = at.moved(heads + l.branch)
		l.last = s
	}
	return s, err
}

// missing says which branches there are instead.
func (l *local) missing(at layout) error {
	if _, err := os.Stat(filepath.Join(at.commonDir, "reftable")); err == nil {
		return fail(ErrUnsupported, "repositories with reftable are not supported: run git refs migrate --ref-format=files")
	}
	names, err := at.branches()
	if err != nil {
		return err
	}
	if len(names) == 0 {
		return fail(ErrNoCommits, "no commits yet: commit to the branch %q", l.branch)
	}
	return branchNotFound(l.branch, names)
}

// branchNotFound lists the branches that there are instead, sorted, a few of them.
func branchNotFound(branch string, names []string) error {
	more := ""
	if len(names) > shownBranches {
		names, more = names[:shownBranches], ", ..."
	}
	if len(names) == 0 {
		return fail(ErrBranchNotFound, "branch %q not found: there is none", branch)
	}
	return fail(ErrBranchNotFound, "branch %q not found: there is %s%s", branch, printable(strings.Join(names, ", ")), more)
}

// watch returns where git writes when the branch moves: its own file, or packed-refs.
func (l *local) watch() []string {
	at, err := l.layout()
	if err != nil {
		return []string{l.root}
	}
	return []string{
		filepath.Join(at.commonDir, filepath.FromSlash(heads+l.branch)),
		filepath.Join(at.commonDir, "packed-refs"),
	}
}

func (l *local) close() error { return nil }
