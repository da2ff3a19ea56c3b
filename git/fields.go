package git

import (
	"bytes"

	"github.com/go-git/go-git/v5/plumbing"
)

// fields reads the small numbers of git's binary formats. Once the bytes end before the field does, left is nil and
// every further field is zero.
type fields struct {
	left []byte
}

func (f *fields) bytes(n int) []byte {
	if len(f.left) < n {
		f.left = nil
		return nil
	}
	field := f.left[:n]
	f.left = f.left[n:]
	return field
}

func (f *fields) byte() byte {
	if b := f.bytes(1); b != nil {
		return b[0]
	}
	return 0
}

// varint reads a number in groups of 7 bits, the lowest first. A number beyond 56 bits ends the fields.
func (f *fields) varint() int64 {
	var n int64
	for shift := 0; shift < 56; shift += 7 {
		b := f.byte()
		n |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			return n
		}
	}
	f.left = nil
	return 0
}

// distance reads how far before a delta its base is: groups of 7 bits, the highest first, each but the last plus one.
func (f *fields) distance() int64 {
	b := f.byte()
	n := int64(b & 0x7f)
	for range 7 {
		if b&0x80 == 0 {
			return n
		}
		b = f.byte()
		n = (n+1)<<7 | int64(b&0x7f)
	}
	f.left = nil
	return 0
}

func compare(a, b plumbing.Hash) int { return bytes.Compare(a[:], b[:]) }
