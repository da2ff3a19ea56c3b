package git

import (
	"io/fs"
	"path/filepath"
	stdsync "sync"
)

// Space bounds what local copies of remotes take on the disk together. It is safe for concurrent use, and nil sets no bound.
type Space struct {
	dir   string
	limit int64

	mu   stdsync.Mutex
	left int64 // bytes that may be written before the folder is measured again; what is deleted meanwhile is found then
}

// NewSpace bounds what is in the folder dir, the Dir of the [Options] that share the Space, to limit bytes, or not at all where
// that is 0. What other processes keep there counts as well.
func NewSpace(dir string, limit int64) *Space {
	if limit <= 0 {
		return nil
	}
	return &Space{dir: dir, limit: limit}
}

// take is asked before n bytes are written. Its errors are [ErrCache].
func (s *Space) take(n int) error {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left -= int64(n); s.left >= 0 {
		return nil
	}
	used := measure(s.dir)
	s.left = max(s.limit-used-int64(n), 0)
	if used+int64(n) > s.limit {
		return fail(ErrCache, "local copy cannot be written: the copies of all repositories take %d of the %d MiB that they may", used>>20, s.limit>>20)
	}
	return nil
}

// measure returns the bytes of the files in a folder, as far as they can be seen: some come and go while it looks.
func measure(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, entry fs.DirEntry, err error) error {
		if err != nil {
			return nil //nolint:nilerr // it is gone
		}
		if info, err := entry.Info(); err == nil && info.Mode().IsRegular() {
			bytes += info.Size()
		}
		return nil
	})
	return bytes
}
