package sync

import (
	"maps"
	"slices"

	"github.com/lockstep-dev/lockstep/git"
)

// reads are the parts of a commit that an app's manifests were made of: the hash of each path. Another commit that has
// the same hashes has the same manifests, and is not read.
type reads map[string]string

// same reports whether the commit has all of it as it was. What cannot be told is not the same.
func (r reads) same(snapshot git.Snapshot) bool {
	if len(r) == 0 {
		return false
	}
	now, err := snapshot.Hashes(slices.Collect(maps.Keys(r)))
	return err == nil && r.in(now)
}

// in reports whether hashes has all of it as it was.
func (r reads) in(hashes map[string]string) bool {
	for path, hash := range r {
		if now, known := hashes[path]; !known || now != hash {
			return false
		}
	}
	return len(r) > 0
}

func (r reads) equal(other reads) bool { return len(r) > 0 && maps.Equal(r, other) }
