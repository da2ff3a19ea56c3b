package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

const (
	// tmpPack begins the name of a pack that is being received, as git calls it.
	tmpPack = "tmp_pack_"
	// maxObject bounds one object of a pack, in bytes: all of it is in memory while the pack is indexed.
	maxObject = 64 << 20
	// maxObjects bounds how many objects a pack may hold.
	maxObjects = 5_000_000
)

// store takes a pack off the wire and puts it beside the others, under its name only when it is whole and indexed.
func (g *generation) store(ctx context.Context, wire io.Reader, caps *capability.List) error {
	f, err := os.CreateTemp(g.packDir(), tmpPack)
	if err != nil {
		return cacheError(err)
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name())
	}()
	if err := download(ctx, f, demux(wire, caps)); err != nil {
		return err
	}
	index, sum, err := indexPack(f)
	if err != nil {
		return err
	}
	base := filepath.Join(g.packDir(), "pack-"+sum.String())
	if err := writeIndex(base+".idx", index); err != nil {
		return cacheError(err)
	}
	if err := os.Rename(f.Name(), base+".pack"); err != nil {
		return cacheError(err)
	}
	return nil
}

func demux(wire io.Reader, caps *capability.List) io.Reader {
	switch {
	case caps.Supports(capability.Sideband64k):
		return sideband.NewDemuxer(sideband.Sideband64k, wire)
	case caps.Supports(capability.Sideband):
		return sideband.NewDemuxer(sideband.Sideband, wire)
	}
	return wire
}

// download copies the pack to disk. An error of the disk and one of the network are told apart.
func download(ctx context.Context, f *os.File, wire io.Reader) error {
	var failed error
	disk := writerFunc(func(p []byte) (int, error) {
		n, err := f.Write(p)
		failed = err
		return n, err
	})
	n, err := io.Copy(disk, wire)
	switch {
	case failed != nil:
		return cacheError(failed)
	case err != nil:
		return netError(ctx, err)
	case n == 0:
		return fail(errProtocol, "server sent no objects")
	}
	return nil
}

type writerFunc func(p []byte) (int, error)

func (w writerFunc) Write(p []byte) (int, error) { return w(p) }

// indexPack reads a pack through and returns its index and checksum. Before it does, it looks at the objects' headers
// alone, so that none is unpacked that would take too much memory.
func indexPack(f *os.File) (*idxfile.MemoryIndex, plumbing.Hash, error) {
	if err := scanHeaders(f); err != nil {
		return nil, plumbing.ZeroHash, err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, plumbing.ZeroHash, cacheError(err)
	}
	writer := new(idxfile.Writer)
	parser, err := packfile.NewParser(packfile.NewScanner(f), writer)
	if err != nil {
		return nil, plumbing.ZeroHash, malformed
	}
	sum, err := parser.Parse()
	if err != nil {
		return nil, plumbing.ZeroHash, malformed
	}
	index, err := writer.Index()
	if err != nil {
		return nil, plumbing.ZeroHash, malformed
	}
	return index, sum, nil
}

var malformed = fail(errProtocol, "server sent a pack that is cut short or malformed")

func scanHeaders(f *os.File) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return cacheError(err)
	}
	scanner := packfile.NewScanner(bufio.NewReader(f))
	_, count, err := scanner.Header()
	if err != nil {
		return malformed
	}
	if count > maxObjects {
		return fail(ErrTooLarge, "commit of %d objects, at most %d are read", count, maxObjects)
	}
	for range count {
		header, err := scanner.NextObjectHeader()
		if err != nil {
			return malformed
		}
		if header.Length > maxObject {
			return fail(ErrTooLarge, "object of %d bytes, at most %d are read", header.Length, maxObject)
		}
	}
	return nil
}

func writeIndex(name string, index *idxfile.MemoryIndex) error {
	f, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("index: %w", err)
	}
	_, err = idxfile.NewEncoder(f).Encode(index)
	return errors.Join(err, f.Close())
}
