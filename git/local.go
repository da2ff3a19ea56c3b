package git

import (
	"cmp"
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
)

// local reads a ref of a repository on this machine from its files, which git may change at any time.
type local struct {
	root   string // where the repository was found: another one above it is not meant, should this one go away
	target target

	mu      stdsync.Mutex
	objects *objects
	last    Snapshot
}

func newLocal(folder string, t target) (*local, error) {
	root, err := findRoot(folder)
	return &local{root: root, target: t}, err
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
	f, err := l.target.find(at, l.known())
	if errors.Is(err, ErrBranchNotFound) || errors.Is(err, ErrRefNotFound) {
		return Snapshot{}, cmp.Or(l.missing(at), err)
	}
	if err != nil {
		return Snapshot{}, err
	}
	return l.snapshot(at, f)
}

func (l *local) layout() (layout, error) {
	at, found, err := layoutAt(l.root)
	if err == nil && !found {
		err = fail(ErrNotFound, "git repository is gone")
	}
	return at, err
}

// known reports whether the target was there before.
func (l *local) known() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.last.Revision.IsZero()
}

func (l *local) snapshot(at layout, f found) (Snapshot, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.objects == nil || l.objects.gitDir != at.commonDir {
		l.objects = newObjects(at.commonDir)
	} else if l.last.at == f && !l.last.Revision.IsZero() {
		return l.last, nil
	}
	s, err := readSnapshot(l.objects, printable(l.root), f)
	if err == nil {
		s.Moved, s.Rewritten = at.moved(f.full), l.target.rewrites(l.last, s) == rewritten
		l.last = s
	} else if !l.target.commit.IsZero() && errors.Is(err, ErrCorrupt) {
		err = unknownOf(at, l.target, err)
	}
	return s, err
}

// missing says why there may be nothing to be found, nil for no reason.
func (l *local) missing(at layout) error {
	if _, err := os.Stat(filepath.Join(at.commonDir, "reftable")); err == nil {
		return fail(ErrUnsupported, "repositories with reftable are not supported: run git refs migrate --ref-format=files")
	}
	names, err := at.below(heads)
	if err == nil && len(names) == 0 {
		if tagged, err := at.below(tags); err == nil && len(tagged) > 0 {
			return fail(ErrBranchNotFound, "no branch, only tags: name a tag that is to be live")
		}
		if head, err := readSmall(filepath.Join(at.gitDir, "HEAD")); err == nil && !strings.HasPrefix(head, "ref:") {
			return fail(ErrBranchNotFound, "no branch, only a commit that is checked out: run git branch main")
		}
		return fail(ErrNoCommits, "no commits yet: commit to the repository")
	}
	return err
}

// unknownOf tells a commit that the repository does not have from one that is damaged.
func unknownOf(at layout, t target, err error) error {
	from := newObjects(at.commonDir).reader()
	defer from.close()
	if _, missing := from.once(t.commit, plumbing.CommitObject, maxTree); errors.Is(missing, errMissing) {
		return fail(ErrRefNotFound, "%s not found: fetch it into the repository, or name another", t)
	}
	return err
}

// watch returns where git writes when the ref moves: its own file, the folder of all tags, or packed-refs.
func (l *local) watch() []string {
	at, err := l.layout()
	if err != nil {
		return []string{l.root}
	}
	full := l.target.full
	if l.target.versions != nil {
		full = tags
	}
	packed := filepath.Join(at.commonDir, "packed-refs")
	if full == "" { // a commit stays where it is; it may not be there yet
		return []string{packed}
	}
	return []string{filepath.Join(at.commonDir, filepath.FromSlash(full)), packed}
}

func (l *local) close() error { return nil }
