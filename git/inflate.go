package git

import (
	"bufio"
	"compress/zlib"
	"errors"
	"io"
)

var errCut = errors.New("it is cut short or altered")

// inflater unpacks zlib streams, one after the other. Both buffers are worth keeping: objects are small.
type inflater struct {
	buffer *bufio.Reader
	zlib   io.ReadCloser
}

// open begins a stream. What is returned is good until the next call.
func (f *inflater) open(packed io.Reader) (io.Reader, error) {
	if f.buffer == nil {
		f.buffer = bufio.NewReader(packed)
	} else {
		f.buffer.Reset(packed)
	}
	var err error
	if f.zlib == nil {
		f.zlib, err = zlib.NewReader(f.buffer)
	} else {
		err = f.zlib.(zlib.Resetter).Reset(f.buffer, nil)
	}
	if err != nil {
		return nil, errCut
	}
	return f.zlib, nil
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
