package git

import (
	"encoding/binary"
	"errors"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	packExt  = ".pack"
	indexExt = ".idx"
	// The index of a pack, version 2: a header; for each first byte of a hash how many objects have that or a lower one;
	// then the tables of hashes, checksums and offsets. An offset with its highest bit set is the number of one in the
	// last table, of 8 bytes each. https://git-scm.com/docs/gitformat-pack
	indexHeader = "\xfftOc\x00\x00\x00\x02"
	fanoutAt    = int64(len(indexHeader))
	hashesAt    = fanoutAt + 256*4
	farOffset   = 1 << 31
	// maxObjectHeader is more than the header of an object in a pack takes, in bytes.
	maxObjectHeader = 64
)

// pack is a pack file and its index. It is opened when it is first needed.
type pack struct {
	base   string // without its extension
	index  *os.File
	file   *os.File
	fanout [256]uint32
	known  *table // takes the place of the index while that is made
}

func (p *pack) open() error {
	if p.file != nil {
		return nil
	}
	index, err := os.Open(p.base + indexExt)
	if err != nil {
		return err
	}
	header := make([]byte, hashesAt)
	if _, err := io.ReadFull(index, header); err != nil || string(header[:fanoutAt]) != indexHeader {
		_ = index.Close()
		return errors.New("the index of a pack is cut short, or older than version 2: run git repack -ad")
	}
	for i := range p.fanout {
		p.fanout[i] = binary.BigEndian.Uint32(header[fanoutAt+int64(4*i):])
	}
	file, err := os.Open(p.base + packExt)
	if err != nil {
		_ = index.Close()
		return err
	}
	p.index, p.file = index, file
	return nil
}

func (p *pack) close() {
	if p.file != nil {
		_ = p.file.Close()
		_ = p.index.Close()
		p.file = nil
	}
}

// size is that of the file in bytes, 0 where that cannot be told.
func (p *pack) size() int64 {
	info, err := p.file.Stat()
	if err != nil {
		return 0
	}
	return info.Size()
}

// find returns where in the pack the object begins.
func (p *pack) find(h plumbing.Hash) (int64, error) {
	if err := p.open(); err != nil {
		return 0, err
	}
	if p.known != nil {
		if offset, ok := p.known.find(h); ok {
			return offset, nil
		}
		return 0, errMissing
	}
	low, high := uint32(0), p.fanout[h[0]]
	if h[0] > 0 {
		low = p.fanout[h[0]-1]
	}
	for low < high {
		middle := low + (high-low)/2
		var at plumbing.Hash
		if err := p.indexed(at[:], hashesAt, middle, len(at)); err != nil {
			return 0, err
		}
		switch order := compare(h, at); {
		case order == 0:
			return p.offset(middle)
		case order < 0:
			high = middle
		default:
			low = middle + 1
		}
	}
	return 0, errMissing
}

// offset reads where the n-th object of the index begins.
func (p *pack) offset(n uint32) (int64, error) {
	var field [8]byte
	count := int64(p.fanout[255])
	offsetsAt := hashesAt + count*int64(len(plumbing.ZeroHash)+4)
	if err := p.indexed(field[:4], offsetsAt, n, 4); err != nil {
		return 0, err
	}
	near := binary.BigEndian.Uint32(field[:])
	if near < farOffset {
		return int64(near), nil
	}
	if err := p.indexed(field[:], offsetsAt+count*4, near-farOffset, 8); err != nil {
		return 0, err
	}
	return int64(binary.BigEndian.Uint64(field[:])), nil
}

// indexed reads the n-th line of the table of the index that begins at start.
func (p *pack) indexed(line []byte, start int64, n uint32, size int) error {
	if _, err := p.index.ReadAt(line, start+int64(n)*int64(size)); err != nil {
		return errors.New("the index of a pack is cut short")
	}
	return nil
}

// header is what stands before an object in a pack.
type header struct {
	kind    plumbing.ObjectType // a delta's is none of an object's
	size    int64               // of what is unpacked: the object, or the delta
	content int64               // offset of the packed content
	base    int64               // offset of what a delta is applied to
}

// header reads the header at offset.
func (p *pack) header(offset int64) (header, error) {
	var buffer [maxObjectHeader]byte
	n, err := p.file.ReadAt(buffer[:], offset)
	if err != nil && !errors.Is(err, io.EOF) || offset < 0 {
		return header{}, errCut
	}
	text := fields{buffer[:n]}
	first := text.byte()
	h := header{kind: plumbing.ObjectType(first >> 4 & 7), size: int64(first & 15)}
	if first&0x80 != 0 {
		h.size |= text.varint() << 4
	}
	switch h.kind {
	case plumbing.OFSDeltaObject:
		h.base = offset - text.distance()
	case plumbing.REFDeltaObject:
		var base plumbing.Hash
		copy(base[:], text.bytes(len(base)))
		if h.base, err = p.find(base); err != nil {
			return header{}, err
		}
	}
	h.content = offset + int64(n-len(text.left))
	sound := isWhole(h.kind) || h.kind.IsDelta() && h.base > 0 && h.base != offset
	if text.left == nil || h.size < 0 || !sound {
		return header{}, errCut
	}
	return h, nil
}
