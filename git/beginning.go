package git

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// beginning returns the objects whose hashes begin with the digits, of which there are at least two, some more than once.
func (r *reader) beginning(d digits) ([]plumbing.Hash, error) {
	folders, err := alternates(filepath.Join(r.objects.gitDir, "objects"))
	if err != nil {
		return nil, err
	}
	r.folders = folders
	var found []plumbing.Hash
	for _, folder := range folders {
		entries, err := os.ReadDir(filepath.Join(folder, string(d[:2])))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			if hex := string(d[:2]) + e.Name(); strings.HasPrefix(hex, string(d)) && plumbing.IsHash(hex) {
				found = append(found, plumbing.NewHash(hex))
			}
		}
	}
	if !r.listed {
		if err := r.list(); err != nil {
			return nil, err
		}
	}
	for _, p := range r.packs {
		packed, err := p.beginning(d)
		if err != nil {
			return nil, err
		}
		found = append(found, packed...)
	}
	return found, nil
}

// beginning is that of a reader, of the objects of one pack.
func (p *pack) beginning(d digits) ([]plumbing.Hash, error) {
	if err := p.open(); err != nil {
		return nil, err
	}
	var failed error
	at := func(n int) (h plumbing.Hash) {
		if err := p.indexed(h[:], hashesAt, uint32(n), len(h)); err != nil {
			failed = err
		}
		return h
	}
	count := int(p.fanout[255])
	first := sort.Search(count, func(n int) bool { return at(n).String() >= string(d) })
	var found []plumbing.Hash
	for n := first; n < count && failed == nil; n++ {
		h := at(n)
		if !strings.HasPrefix(h.String(), string(d)) {
			break
		}
		found = append(found, h)
	}
	return found, failed
}
