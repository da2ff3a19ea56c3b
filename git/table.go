package git

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/hash"
)

// table is the index of a pack while it is made, at 32 bytes an object: a pack of a few MiB may hold a million.
type table struct {
	lines  []line
	sorted int                     // how many of the lines are, by their hashes
	recent map[plumbing.Hash]int64 // offsets of the others; nil while nobody looks for any
}

// line is an object of a pack.
type line struct {
	hash   plumbing.Hash
	crc    uint32 // of its packed form
	offset int64
}

// maxRecent bounds how many lines are added before they are sorted in among the others.
const maxRecent = 1 << 16

func (t *table) add(h plumbing.Hash, offset int64, crc uint32) {
	t.lines = append(t.lines, line{h, crc, offset})
	if t.recent == nil {
		return
	}
	if t.recent[h] = offset; len(t.recent) == maxRecent {
		t.sort()
	}
}

// sort puts the lines in order, and keeps one of each object.
func (t *table) sort() {
	slices.SortFunc(t.lines, func(a, b line) int { return compare(a.hash, b.hash) })
	t.lines = slices.CompactFunc(t.lines, func(a, b line) bool { return a.hash == b.hash })
	t.sorted, t.recent = len(t.lines), map[plumbing.Hash]int64{}
}

// find returns where in the pack an object begins that was added before the table was sorted, or after that.
func (t *table) find(h plumbing.Hash) (offset int64, found bool) {
	if offset, found = t.recent[h]; found {
		return offset, true
	}
	i, found := slices.BinarySearchFunc(t.lines[:t.sorted], h, func(l line, h plumbing.Hash) int { return compare(l.hash, h) })
	if !found {
		return 0, false
	}
	return t.lines[i].offset, true
}

// size is about that of the index that write writes, in bytes.
func (t *table) size() int {
	return int(hashesAt) + len(t.lines)*(len(plumbing.ZeroHash)+4+4) + 2*len(plumbing.ZeroHash)
}

// write writes the index of a pack with the checksum, as git keeps it.
func (t *table) write(name string, sum plumbing.Hash) error {
	t.sort()
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	hasher := hash.New(hash.CryptoType)
	to := bufio.NewWriterSize(io.MultiWriter(f, hasher), 64<<10)
	t.encode(to)
	_, _ = to.Write(sum[:])
	err = to.Flush() // which tells of all errors before
	if err == nil {
		_, err = f.Write(hasher.Sum(nil))
	}
	return errors.Join(err, f.Close())
}

func (t *table) encode(to *bufio.Writer) {
	_, _ = to.WriteString(indexHeader)
	var fanout [256]uint32
	for _, l := range t.lines {
		fanout[l.hash[0]]++
	}
	var field [8]byte
	put := func(n uint32) {
		binary.BigEndian.PutUint32(field[:4], n)
		_, _ = to.Write(field[:4])
	}
	count := uint32(0)
	for _, n := range fanout {
		count += n
		put(count)
	}
	for _, l := range t.lines {
		_, _ = to.Write(l.hash[:])
	}
	for _, l := range t.lines {
		put(l.crc)
	}
	var far []int64
	for _, l := range t.lines {
		if l.offset < farOffset {
			put(uint32(l.offset))
			continue
		}
		put(farOffset | uint32(len(far)))
		far = append(far, l.offset)
	}
	for _, offset := range far {
		binary.BigEndian.PutUint64(field[:], uint64(offset))
		_, _ = to.Write(field[:])
	}
}
