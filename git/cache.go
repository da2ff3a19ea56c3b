package git

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

const (
	// maxSlots is how many processes may keep a copy of one remote in one cache folder.
	maxSlots = 100
	// copyName and freshName name a copy that is complete, and one that is being made.
	copyName  = "copy-%06d"
	freshName = "fresh-*"
)

// errLocked says that another process has the cache folder.
var errLocked = errors.New("in use by another process")

// cacheFolder keeps the local copy of one remote: a bare object store, replaced as a whole when there is doubt about it.
// The copy with the highest number is the current one, and it gets its name when it is complete, so that a process that
// is killed leaves either the old or the new one behind.
type cacheFolder struct {
	base    string
	space   *Space
	dir     string // base, or with a number when another process has that
	lock    *os.File
	number  int
	current *generation // nil before the first copy
}

func newCacheFolder(dir, remoteURL string, space *Space) *cacheFolder {
	sum := sha256.Sum256([]byte(remoteURL))
	return &cacheFolder{base: filepath.Join(dir, hex.EncodeToString(sum[:])[:32]), space: space}
}

// open takes a folder for this process alone, and what a former one has left there. It does nothing when it has one.
func (c *cacheFolder) open() error {
	if c.lock != nil {
		return nil
	}
	for slot := range maxSlots {
		dir := c.base
		if slot > 0 {
			dir = fmt.Sprintf("%s.%d", c.base, slot)
		}
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return cacheError(err)
		}
		lock, err := lockFile(filepath.Join(dir, "lock"))
		if errors.Is(err, errLocked) {
			continue
		}
		if err != nil {
			return cacheError(err)
		}
		c.dir, c.lock = dir, lock
		return c.adopt()
	}
	return fail(ErrUnavailable, "all local copies of the repository are in use by other processes")
}

// adopt makes the newest copy the current one and removes all else.
func (c *cacheFolder) adopt() error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return cacheError(err)
	}
	for _, e := range entries {
		var number int
		if _, err := fmt.Sscanf(e.Name(), copyName, &number); err == nil {
			c.number = max(c.number, number)
		}
	}
	newest := fmt.Sprintf(copyName, c.number)
	for _, e := range entries {
		if e.Name() != newest && e.Name() != "lock" {
			_ = os.RemoveAll(filepath.Join(c.dir, e.Name())) // what stays is tried again at the next start
		}
	}
	if c.current, err = openGeneration(filepath.Join(c.dir, newest), c.space); err != nil {
		c.current = nil // a new copy is made
	}
	return nil
}

// sound reports whether there is a copy and nothing has cast doubt on it.
func (c *cacheFolder) sound() bool {
	return c.current != nil && !c.current.objects.broken.Load()
}

// begin makes the folder of a new copy.
func (c *cacheFolder) begin() (*generation, error) {
	if err := os.MkdirAll(c.dir, 0o700); err != nil { // somebody may have cleared the cache
		return nil, cacheError(err)
	}
	dir, err := os.MkdirTemp(c.dir, freshName)
	if err != nil {
		return nil, cacheError(err)
	}
	return newGeneration(dir, c.space)
}

// commit makes g the current copy, at once. The one before is deleted when its last snapshot is gone, since those read
// from it.
func (c *cacheFolder) commit(g *generation) error {
	dir := filepath.Join(c.dir, fmt.Sprintf(copyName, c.number+1))
	if err := os.Rename(g.dir, dir); err != nil {
		return cacheError(err)
	}
	c.number++
	if c.current != nil {
		runtime.AddCleanup(c.current.objects, func(old string) { _ = os.RemoveAll(old) }, c.current.dir)
	}
	g.moved(dir)
	c.current = g
	return nil
}

// clear deletes the current copy, and reports whether there was one.
func (c *cacheFolder) clear() bool {
	if c.current == nil {
		return false
	}
	_ = os.RemoveAll(c.current.dir) // what stays is in the way of the next copy, which says so
	c.current = nil
	return true
}

func (c *cacheFolder) close() error {
	if c.lock == nil {
		return nil
	}
	err := c.lock.Close()
	c.lock, c.current = nil, nil
	return err
}

func cacheError(err error) error {
	if f, ok := errors.AsType[*failure](err); ok {
		return f
	}
	return fail(ErrCache, "local copy cannot be written: %s", strings.TrimSpace(reason(err)))
}
