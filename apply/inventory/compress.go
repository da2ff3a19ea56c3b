package inventory

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"runtime"
	stdsync "sync"
)

// writers are kept for the next save: each takes most of a megabyte, and many apps save at once. More of them than can run
// would only wait for each other.
var (
	writers = stdsync.Pool{New: func() any {
		w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // it refuses no level of its own
		return w
	}}
	writing = make(chan struct{}, runtime.GOMAXPROCS(0))
)

// compressed is what write writes, compressed. The same bytes give the same.
func compressed(write func(io.Writer) error) ([]byte, error) {
	writing <- struct{}{}
	defer func() { <-writing }()
	var packed bytes.Buffer
	w := writers.Get().(*gzip.Writer)
	defer writers.Put(w)
	w.Reset(&packed)
	err := errors.Join(write(w), w.Close())
	return bytes.Clone(packed.Bytes()), err // it is kept for long, without the room to grow
}

// readers are kept likewise.
var readers = stdsync.Pool{New: func() any { return new(gzip.Reader) }}

// expanded calls read with what was compressed, of which it reads no more than limit bytes. The error is read's, or that of bytes
// that were not made by compressed.
func expanded(packed []byte, limit int64, read func(io.Reader) error) error {
	r := readers.Get().(*gzip.Reader)
	defer readers.Put(r)
	if err := r.Reset(bytes.NewReader(packed)); err != nil {
		return err
	}
	return read(io.LimitReader(r, limit))
}
