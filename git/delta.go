package git

import (
	"errors"
	"io"
	"slices"
)

const (
	// maxBase bounds, in bytes, what a delta is applied to, the delta, and what comes of it. A few such are in memory at
	// a time, however long the chain is. Files that are stored whole may be larger.
	maxBase = 32 << 20
	// maxChain is how many deltas may stand on each other, as in git.
	maxChain = 4095
	// maxBases bounds what is kept of bases for other deltas, in bytes.
	maxBases = 16 << 20
	// maxWork bounds, in bytes, what is made in all by applying deltas for one who reads: a few KiB can ask for days of it.
	maxWork = 8 << 30
	// maxDeltaHeader is more than the two sizes at the start of a delta take, in bytes.
	maxDeltaHeader = 20
)

var errChain = errors.New("too many deltas stand on each other")

// place is where an object is.
type place struct {
	pack   *pack
	offset int64
}

// at reads the object at offset, and applies the deltas that it consists of.
func (r *reader) at(p *pack, offset, limit int64) (raw, error) {
	if err := p.open(); err != nil {
		return raw{}, err
	}
	h, err := p.header(offset)
	if err != nil {
		return raw{}, err
	}
	size := h.size
	if h.kind.IsDelta() {
		if size, err = r.resultSize(p, h); err != nil {
			return raw{}, err
		}
	}
	if size > limit {
		return raw{}, tooLarge(size, limit)
	}
	if !h.kind.IsDelta() {
		content, err := r.unpack(p, h)
		return raw{kind: h.kind, content: content}, err
	}
	return r.chain(p, offset)
}

// chain goes down from delta to base, and up again.
func (r *reader) chain(p *pack, offset int64) (raw, error) {
	object, deltas, err := r.base(p, offset)
	if err != nil {
		return raw{}, err
	}
	for i, h := range slices.Backward(deltas) {
		delta, err := r.unpack(p, h)
		if err != nil {
			return raw{}, err
		}
		if object.content, err = applyDelta(object.content, delta); err != nil {
			return raw{}, err
		}
		if object.deltas++; object.deltas > maxChain {
			return raw{}, errChain
		}
		if err := r.worked(len(object.content)); err != nil {
			return raw{}, err
		}
		if i > 0 {
			r.keep(place{p, deltas[i-1].base}, object)
		}
	}
	return object, nil
}

// worked says when to leave off applying deltas.
func (r *reader) worked(bytes int) error {
	if r.stop != nil {
		return r.stop()
	}
	if r.work += int64(bytes); r.work > maxWork {
		return fail(ErrTooLarge, "stored as differences that make %d bytes together, at most %d are made", r.work, int64(maxWork))
	}
	return nil
}

// base returns the object that the deltas from offset on stand on, and those deltas, the last one first.
func (r *reader) base(p *pack, offset int64) (raw, []header, error) {
	var deltas []header
	for at := offset; len(deltas) <= maxChain; {
		if known, ok := r.bases[place{p, at}]; ok {
			return known, deltas, nil
		}
		h, err := p.header(at)
		if err != nil {
			return raw{}, nil, err
		}
		if h.size > maxBase {
			return raw{}, nil, fail(ErrTooLarge, "stored as a difference to %d bytes, at most %d are read", h.size, int64(maxBase))
		}
		if !h.kind.IsDelta() {
			content, err := r.unpack(p, h)
			object := raw{kind: h.kind, content: content}
			if err == nil {
				r.keep(place{p, at}, object)
			}
			return object, deltas, err
		}
		deltas = append(deltas, h)
		at = h.base
	}
	return raw{}, nil, errChain
}

// keep remembers a base, which others of its kind are likely to stand on as well.
func (r *reader) keep(at place, object raw) {
	if r.basesSize += len(object.content); r.basesSize > maxBases {
		clear(r.bases)
		r.basesSize = len(object.content)
	}
	r.bases[at] = object
}

func (r *reader) unpack(p *pack, h header) ([]byte, error) {
	return r.all(io.NewSectionReader(p.file, h.content, 1<<62), h.size)
}

// resultSize reads how large the result of a delta is, which stands at its beginning.
func (r *reader) resultSize(p *pack, h header) (int64, error) {
	stream, err := r.open(io.NewSectionReader(p.file, h.content, 1<<62))
	if err != nil {
		return 0, err
	}
	start, err := io.ReadAll(io.LimitReader(stream, maxDeltaHeader))
	if err != nil {
		return 0, errCut
	}
	text := fields{start}
	text.varint()
	size := text.varint()
	if text.left == nil {
		return 0, errCut
	}
	return size, nil
}

// applyDelta returns what the delta makes of base. Its result is as long as it says, or it is an error.
func applyDelta(base, delta []byte) ([]byte, error) {
	text := fields{delta}
	if from := text.varint(); from != int64(len(base)) {
		return nil, errCut
	}
	size := text.varint()
	if size > maxBase {
		return nil, tooLarge(size, maxBase)
	}
	result := make([]byte, 0, size)
	for len(text.left) > 0 {
		var part []byte
		if op := text.byte(); op&0x80 != 0 {
			part = text.copied(op, base)
		} else if op > 0 {
			part = text.bytes(int(op))
		}
		if len(part) == 0 || len(result)+len(part) > int(size) {
			return nil, errCut
		}
		result = append(result, part...)
	}
	if len(result) != int(size) {
		return nil, errCut
	}
	return result, nil
}

// copied reads the operands of a copy, of which op says which are there, and returns that part of base.
func (f *fields) copied(op byte, base []byte) []byte {
	var at, size int
	for i := range 4 {
		if op>>i&1 != 0 {
			at |= int(f.byte()) << (8 * i)
		}
	}
	for i := range 3 {
		if op>>(4+i)&1 != 0 {
			size |= int(f.byte()) << (8 * i)
		}
	}
	if size == 0 {
		size = 0x10000
	}
	if f.left == nil || at+size > len(base) {
		return nil
	}
	return base[at : at+size]
}
