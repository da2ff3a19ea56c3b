package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// leftOutName is the file that marks a copy some of whose large files are not in the indexes of its packs.
const leftOutName = "left-out"

// leaveOut marks the copy as such a one.
func (g *generation) leaveOut() error {
	if err := os.WriteFile(filepath.Join(g.dir, leftOutName), nil, 0o600); err != nil {
		return cacheError(err)
	}
	g.objects.leftOut.Store(true)
	return nil
}

// isMarked reports whether there is a file of that name in dir. Not to know is taken for yes: no object is missed by that.
func isMarked(dir, name string) bool {
	_, err := os.Stat(filepath.Join(dir, name))
	return !errors.Is(err, fs.ErrNotExist)
}

func errLeftOut(limit int64) error {
	return fail(ErrTooLarge, "it, or what it is stored as a difference to, has more than %d bytes, at most %d are read", int64(maxBase), limit)
}

// missing is the error of an object that should be here.
func (o *objects) missing(kind string, h plumbing.Hash) error {
	if o.promised() {
		return fail(ErrUnsupported, "%s %s is not in this clone, which is a partial one: have all of it fetched "+
			"(git config --unset-all remote.origin.partialclonefilter, git fetch --refetch)", kind, h)
	}
	return fail(ErrCorrupt, "%s %s is missing from the repository", kind, h)
}

// promised reports whether a server has told git that it would send what is missing when it is asked for.
func (o *objects) promised() bool {
	entries, err := os.ReadDir(filepath.Join(o.gitDir, "objects", "pack"))
	return err == nil && slices.ContainsFunc(entries, func(e os.DirEntry) bool { return filepath.Ext(e.Name()) == ".promisor" })
}
