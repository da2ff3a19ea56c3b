package git

import (
	"bufio"
	"compress/zlib"
	"errors"
	"io"
	stdsync "sync"
)

var errCut = errors.New("it is cut short or altered")

// inflater unpacks zlib streams, one after the other. The zero inflater is ready; what it holds between them is given back
// with release.
type inflater struct{ held *inflating }

// inflating is what unpacking takes: some 50 KiB, for objects of which most are small.
type inflating struct {
	buffer *bufio.Reader
	zlib   io.ReadCloser
}

var spare = stdsync.Pool{New: func() any { return &inflating{buffer: bufio.NewReader(nil)} }}

// open begins a stream. What is returned is good until the next call.
func (f *inflater) open(packed io.Reader) (io.Reader, error) {
	if f.held == nil {
		f.held = spare.Get().(*inflating)
	}
	f.held.buffer.Reset(packed)
	var err error
	if f.held.zlib == nil {
		f.held.zlib, err = zlib.NewReader(f.held.buffer)
	} else {
		err = f.held.zlib.(zlib.Resetter).Reset(f.held.buffer, nil)
	}
	if err != nil {
		return nil, errCut
	}
	return f.held.zlib, nil
}

// release ends the stream, if any, and leaves to others what it took.
func (f *inflater) release() {
	if f.held != nil {
		f.held.buffer.Reset(nil)
		spare.Put(f.held)
		f.held = nil
	}
}

// all unpacks a stream that holds size bytes, neither more nor less; the caller has checked that this is not too many.
func (f *inflater) all(packed io.Reader, size int64) ([]byte, error) {
	stream, err := f.open(packed)
	if err != nil {
		return nil, err
	}
	return rest(stream, size)
}

// rest reads size bytes, with which the stream and its checksum end.
func rest(stream io.Reader, size int64) ([]byte, error) {
	content := make([]byte, size)
	if _, err := io.ReadFull(stream, content); err != nil {
		return nil, errCut
	}
	if n, err := stream.Read(make([]byte, 1)); n != 0 || !errors.Is(err, io.EOF) {
		return nil, errCut
	}
	return content, nil
}
