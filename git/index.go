package git

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// maxObjects bounds how many objects a pack may hold: the index is in memory while it is made.
const maxObjects = 2_000_000

// leastObject is less than any object takes in a pack, in bytes.
const leastObject = 9

// packIndex is the index of a pack and the checksum that the pack ends with.
type packIndex struct {
	table
	sum     plumbing.Hash
	leftOut bool // there is something in the pack that the index does not have

	appended int // bytes that the pack has grown by
}

// indexer makes the index of a pack that a server has sent, in the memory that a few deltas take: objects that are whole
// pass through a hash and are kept nowhere, however large they are.
type indexer struct {
	table
	pack    *pack
	count   uint32  // of objects
	deltas  []delta // whose hashes are not known yet
	leftOut bool    // some are not looked for

	appended int // bytes to the pack
}

// delta is where a delta begins, the checksum of its packed form, and the base that it names, if it names one.
type delta struct {
	offset int64
	crc    uint32
	base   plumbing.Hash
}

// errNoBase says that a delta stands on an object that is neither in its pack nor here.
var errNoBase = fail(errProtocol, "server sent a pack that is not complete")

var errMalformed = fail(errProtocol, "server sent a pack that is cut short or malformed")

// indexPack reads the whole pack in f, and checks it as it does. A thin pack is completed with objects of from; in a partial copy,
// which may lack some of them, what stands on those is left out. So is a file that could not be told the hash of in little memory.
func indexPack(ctx context.Context, f *os.File, from *reader, partial bool) (packIndex, error) {
	x := indexer{}
	x.pack = &pack{file: f, index: f, known: &x.table}
	sum, err := x.scan(ctx, io.NewSectionReader(f, 0, 1<<62))
	if err != nil {
		return packIndex{}, err
	}
	for {
		if err := x.resolve(ctx); err != nil {
			return packIndex{}, err
		}
		if len(x.deltas) == 0 {
			break
		}
		completed, err := x.complete(f, from)
		if (partial || x.leftOut) && errors.Is(err, errNoBase) {
			break
		}
		if err != nil {
			return packIndex{}, err
		}
		sum = completed
	}
	return packIndex{x.table, sum, x.leftOut, x.appended}, nil
}

// scan goes through the pack once, from the first object to the checksum.
func (x *indexer) scan(ctx context.Context, from io.Reader) (plumbing.Hash, error) {
	scanner := packfile.NewScanner(bufio.NewReaderSize(patient{ctx, from}, 64<<10))
	_, count, err := scanner.Header()
	if err != nil {
		return plumbing.ZeroHash, errMalformed
	}
	if count > maxObjects {
		return plumbing.ZeroHash, fail(ErrTooLarge, "commit of %d objects, at most %d are read", count, maxObjects)
	}
	x.count = count
	x.lines = make([]line, 0, min(int64(count), x.pack.size()/leastObject))
	for range count {
		if err := x.scanObject(scanner); err != nil {
			return plumbing.ZeroHash, err
		}
	}
	sum, err := scanner.Checksum()
	if err != nil {
		return plumbing.ZeroHash, errMalformed
	}
	x.sort()
	return sum, nil
}

func (x *indexer) scanObject(scanner *packfile.Scanner) error {
	h, err := scanner.NextObjectHeader()
	if err != nil || h.Length < 0 || !isWhole(h.Type) && !h.Type.IsDelta() {
		return errMalformed
	}
	sink := io.Discard
	hasher := plumbing.NewHasher(h.Type, h.Length)
	if !h.Type.IsDelta() {
		sink = hasher
	}
	n, crc, err := scanner.NextObject(sink)
	if err != nil || n != h.Length {
		return errMalformed
	}
	if h.Type.IsDelta() {
		x.deltas = append(x.deltas, delta{h.Offset, crc, h.Reference})
	} else {
		x.add(hasher.Sum(), h.Offset, crc)
	}
	return nil
}

// resolve applies deltas to learn their hashes: in the order of the pack, and again as long as that brings more, since
// a base that is named by its hash may come later. Those whose bases are not in the pack remain.
func (x *indexer) resolve(ctx context.Context) error {
	r := newReader(nil)
	r.stop = ctx.Err
	for before := len(x.deltas) + 1; 0 < len(x.deltas) && len(x.deltas) < before; {
		before = len(x.deltas)
		left := x.deltas[:0]
		for _, d := range x.deltas {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			object, err := r.at(x.pack, d.offset, maxBase)
			switch {
			case err == nil:
				x.add(plumbing.ComputeHash(object.kind, object.content), d.offset, d.crc)
			case errors.Is(err, errMissing):
				left = append(left, d)
			case ctx.Err() != nil:
				return ctx.Err()
			case !errors.Is(err, ErrTooLarge):
				return errMalformed
			case !x.isFile(d.offset):
				return err
			default:
				x.leftOut = true
			}
		}
		x.deltas = left
	}
	return nil
}

// isFile reports whether what begins at offset stands on a file, as far as can be told, and so is one.
func (x *indexer) isFile(offset int64) bool {
	for range maxChain {
		h, err := x.pack.header(offset)
		if err != nil || isWhole(h.kind) {
			return err == nil && h.kind == plumbing.BlobObject
		}
		offset = h.base
	}
	return false
}

// patient is a reader that ends with its context: a small pack can take hours to unpack.
type patient struct {
	ctx context.Context
	io.Reader
}

func (p patient) Read(buffer []byte) (int, error) {
	if err := p.ctx.Err(); err != nil {
		return 0, err
	}
	return p.Reader.Read(buffer)
}
