package git

import (
	"context"
	"io"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

// tmpPack begins the name of a pack that is being received, as git calls it.
const tmpPack = "tmp_pack_"

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
	if err := download(ctx, &writer{File: f, space: g.space}, demux(wire, caps)); err != nil {
		return err
	}
	from := g.objects.reader()
	defer from.close()
	index, err := indexPack(ctx, f, from, g.partial)
	if err != nil {
		return netError(ctx, err)
	}
	if index.leftOut {
		if err := g.leaveOut(); err != nil {
			return err
		}
	}
	base := filepath.Join(g.packDir(), "pack-"+index.sum.String())
	err = g.space.take(index.size() + index.appended)
	if err == nil {
		err = index.write(base+indexExt, index.sum)
	}
	if err != nil {
		_ = os.Remove(base + indexExt)
		return cacheError(err)
	}
	if err := os.Rename(f.Name(), base+packExt); err != nil {
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

// download copies the pack to disk. It tells an error of the disk from one of the network.
func download(ctx context.Context, disk *writer, wire io.Reader) error {
	n, err := io.Copy(disk, wire)
	switch {
	case disk.err != nil:
		return cacheError(disk.err)
	case err != nil:
		return netError(ctx, err)
	case n == 0:
		return fail(errProtocol, "server sent no objects")
	}
	return nil
}

// writer writes to a file as long as there is space for it, and keeps the error.
type writer struct {
	*os.File
	space *Space
	err   error
}

func (w *writer) Write(p []byte) (int, error) {
	if w.err = w.space.take(len(p)); w.err != nil {
		return 0, w.err
	}
	n, err := w.File.Write(p)
	w.err = err
	return n, err
}

// ReadFrom hides that of the file, which would keep the error to itself.
func (w *writer) ReadFrom(r io.Reader) (int64, error) {
	return io.Copy(struct{ io.Writer }{w}, r)
}
