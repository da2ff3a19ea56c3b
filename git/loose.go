package git

import (
	"bufio"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxHeader is more than the header of a loose object takes, in bytes: blob 1234567890\0.
const maxHeader = 64

// loose reads an object that has a file of its own.
func (r *reader) loose(h plumbing.Hash, limit int64) (raw, error) {
	failed := errMissing
	hex := h.String()
	for _, folder := range r.folders {
		object, err := r.looseFile(filepath.Join(folder, hex[:2], hex[2:]), limit)
		if err == nil || errors.Is(err, ErrTooLarge) {
			return object, err
		}
		if !errors.Is(err, fs.ErrNotExist) {
			failed = err
		}
	}
	return raw{}, failed
}

func (r *reader) looseFile(name string, limit int64) (raw, error) {
	f, err := os.Open(name)
	if err != nil {
		return raw{}, err
	}
	defer func() { _ = f.Close() }()
	stream, err := r.open(f)
	if err != nil {
		return raw{}, err
	}
	content := bufio.NewReaderSize(stream, maxHeader)
	header, err := content.ReadSlice(0)
	if err != nil {
		return raw{}, errCut
	}
	name, digits, _ := strings.Cut(string(header[:len(header)-1]), " ")
	kind, err := plumbing.ParseObjectType(name)
	if err != nil {
		return raw{}, errCut
	}
	size, err := strconv.ParseInt(digits, 10, 64)
	switch {
	case err != nil || size < 0:
		return raw{}, errCut
	case size > limit:
		return raw{}, tooLarge(size, limit)
	}
	object := raw{kind: kind}
	object.content, err = rest(io.Reader(content), size)
	return object, err
}
