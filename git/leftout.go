package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
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
