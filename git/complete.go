package git

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/hash"
)

// complete appends to a thin pack, which a server sends to who has objects already, those that its deltas stand on and
// that from holds, so that the pack can be read by itself. It returns the checksum that the pack ends with now.
func (x *indexer) complete(f *os.File, from *reader) (plumbing.Hash, error) {
	end, err := f.Seek(-int64(len(plumbing.ZeroHash)), io.SeekEnd)
	if err != nil {
		return plumbing.ZeroHash, cacheError(err)
	}
	before := x.count
	for _, base := range x.missing() {
		object, err := from.once(base, plumbing.AnyObject, maxBase)
		if err != nil {
			continue // it may be one of the pack's own that is not resolved yet
		}
		packed := packObject(object)
		if _, err := f.Write(packed); err != nil {
			return plumbing.ZeroHash, cacheError(err)
		}
		x.add(base, end, crc32.ChecksumIEEE(packed))
		x.count++
		end += int64(len(packed))
		x.appended += len(packed)
	}
	if x.count == before {
		return plumbing.ZeroHash, errNoBase
	}
	if err := f.Truncate(end); err != nil { // the old checksum was longer than what took its place
		return plumbing.ZeroHash, cacheError(err)
	}
	return seal(f, x.count)
}

// missing returns the hashes that deltas name as what they stand on, and that are not known.
func (x *indexer) missing() []plumbing.Hash {
	var bases []plumbing.Hash
	for _, d := range x.deltas {
		if _, known := x.find(d.base); !known && !d.base.IsZero() {
			bases = append(bases, d.base)
		}
	}
	slices.SortFunc(bases, compare)
	return slices.Compact(bases)
}

// packObject returns an object as it stands in a pack.
func packObject(o raw) []byte {
	var packed bytes.Buffer
	packed.Write(objectHeader(o.kind, len(o.content)))
	w := zlib.NewWriter(&packed)
	_, _ = w.Write(o.content) // a buffer takes everything
	_ = w.Close()
	return packed.Bytes()
}

// objectHeader returns the kind and the size as they stand before an object: 4 bits of the size, then 7 in each byte.
func objectHeader(kind plumbing.ObjectType, size int) []byte {
	text := []byte{byte(kind)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		text[len(text)-1] |= 0x80
		text = append(text, byte(size&0x7f))
	}
	return text
}

// seal writes the number of objects into the header of a pack, and its checksum to the end.
func seal(f *os.File, count uint32) (sum plumbing.Hash, err error) {
	var field [4]byte
	binary.BigEndian.PutUint32(field[:], count)
	_, err = f.WriteAt(field[:], 8)
	hasher := hash.New(hash.CryptoType)
	_, err2 := f.Seek(0, io.SeekStart)
	_, err3 := io.Copy(hasher, f)
	copy(sum[:], hasher.Sum(nil))
	_, err4 := f.Write(sum[:])
	if err := errors.Join(err, err2, err3, err4); err != nil {
		return sum, cacheError(err)
	}
	return sum, nil
}
