package git

import (
	stdsync "sync"

	"github.com/go-git/go-git/v5/plumbing"
)

// cachedEntries is how many lines of parsed trees are kept in all. Each takes about 100 bytes.
const cachedEntries = 20_000

// treeCache keeps parsed trees for those who read the same commit after each other: of a repository with a thousand apps
// each of them looks for its folder in the same tree of a thousand lines. The zero treeCache is ready.
type treeCache struct {
	mu      stdsync.Mutex
	trees   map[plumbing.Hash][]entry
	entries int
}

// treeAt returns the lines of a tree that was parsed before, which must not be changed. Those of a folder on disk change.
func (o *objects) treeAt(hash plumbing.Hash) ([]entry, bool) {
	if o.workTree != nil {
		return nil, false
	}
	return o.parsed.get(hash)
}

// get returns the lines of a tree.
func (c *treeCache) get(hash plumbing.Hash) ([]entry, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	entries, ok := c.trees[hash]
	return entries, ok
}

// put keeps the lines of a tree. Where there is no room it forgets the others, which are most likely those of an older
// commit.
func (c *treeCache) put(hash plumbing.Hash, entries []entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.trees[hash]; known || len(entries) > cachedEntries {
		return
	}
	if c.trees == nil || c.entries+len(entries) > cachedEntries {
		c.trees, c.entries = map[plumbing.Hash][]entry{}, 0
	}
	c.trees[hash] = entries
	c.entries += len(entries)
}
