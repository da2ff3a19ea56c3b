package git

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/hash"
)

// packed builds a pack by hand, as a hostile server might.
type packed struct {
	bytes.Buffer
	count uint32
	zlib  *zlib.Writer
}

func newPacked() *packed {
	p := &packed{}
	p.WriteString("PACK\x00\x00\x00\x02\x00\x00\x00\x00")
	return p
}

// object appends a whole object and returns its offset.
func (p *packed) object(kind plumbing.ObjectType, content string) int64 {
	at := int64(p.Len())
	p.Write(packObject(raw{kind: kind, content: []byte(content)}))
	p.count++
	return at
}

// refDelta appends a delta whose base is named by its hash.
func (p *packed) refDelta(base plumbing.Hash, delta []byte) {
	p.header(plumbing.REFDeltaObject, len(delta))
	p.Write(base[:])
	p.deflate(delta)
}

// ofsDelta appends a delta whose base is at an offset.
func (p *packed) ofsDelta(base int64, delta []byte) int64 {
	at := int64(p.Len())
	p.header(plumbing.OFSDeltaObject, len(delta))
	n := at - base
	digits := []byte{byte(n & 0x7f)}
	for n >>= 7; n > 0; n >>= 7 {
		n--
		digits = append([]byte{byte(n&0x7f) | 0x80}, digits...)
	}
	p.Write(digits)
	p.deflate(delta)
	return at
}

func (p *packed) header(kind plumbing.ObjectType, size int) {
	p.Write(objectHeader(kind, size))
	p.count++
}

func (p *packed) deflate(content []byte) {
	if p.zlib == nil {
		p.zlib = zlib.NewWriter(p)
	}
	p.zlib.Reset(p)
	_, _ = p.zlib.Write(content)
	_ = p.zlib.Close()
}

// file ends the pack and returns it as a file.
func (p *packed) file(t testing.TB) *os.File {
	t.Helper()
	text := p.Bytes()
	binary.BigEndian.PutUint32(text[8:], p.count)
	hasher := hash.New(hash.CryptoType)
	_, _ = hasher.Write(text)
	f, err := os.Create(filepath.Join(t.TempDir(), "pack"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	if _, err := f.Write(hasher.Sum(bytes.Clone(text))); err != nil {
		t.Fatal(err)
	}
	return f
}

// replacing is the delta that makes to of any base of from bytes.
func replacing(from int, to string) []byte {
	delta := varints(from, len(to))
	for part := range chunks(to, 127) {
		delta = append(append(delta, byte(len(part))), part...)
	}
	return delta
}

func chunks(s string, size int) func(func(string) bool) {
	return func(yield func(string) bool) {
		for len(s) > size && yield(s[:size]) {
			s = s[size:]
		}
		if s != "" {
			yield(s)
		}
	}
}

func varints(numbers ...int) []byte {
	var text []byte
	for _, n := range numbers {
		text = binary.AppendUvarint(text, uint64(n))
	}
	return text
}

// nothing is a store without objects.
func nothing(t testing.TB) *reader { return newObjects(t.TempDir()).reader() }

func blob(content string) plumbing.Hash {
	return plumbing.ComputeHash(plumbing.BlobObject, []byte(content))
}

func TestAPackOfDeltasIsIndexedWhateverTheirOrder(t *testing.T) {
	p := newPacked()
	p.refDelta(blob("two"), replacing(3, "three"))
	p.refDelta(blob("one"), replacing(3, "two"))
	one := p.object(plumbing.BlobObject, "one")
	p.ofsDelta(one, replacing(3, strings.Repeat("four", 100)))
	index, err := indexPack(t.Context(), p.file(t), nothing(t), false)
	if err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{"one", "two", "three", strings.Repeat("four", 100)} {
		if _, ok := index.find(blob(content)); !ok {
			t.Errorf("%.10s... is not in the index", content)
		}
	}
}

func TestAThinPackIsCompletedFromTheStore(t *testing.T) {
	o := newObjects(t.TempDir())
	g := &generation{dir: o.gitDir, objects: o}
	for _, content := range []string{"one", "unneeded"} {
		looseBlob(t, o.gitDir, content)
	}
	p := newPacked()
	p.refDelta(blob("two"), replacing(3, "three"))
	p.refDelta(blob("one"), replacing(3, "two"))
	f := p.file(t)
	index, err := indexPack(t.Context(), f, g.objects.reader(), false)
	if err != nil {
		t.Fatal(err)
	}
	again, err := indexPack(t.Context(), f, nothing(t), false)
	if err != nil || again.sum != index.sum {
		t.Fatalf("the completed pack has the sum %s, %v, want %s", again.sum, err, index.sum)
	}
	if n := len(index.lines); n != 3 {
		t.Errorf("%d objects, want 3", n)
	}
	if _, err := indexPack(t.Context(), p.file(t), nothing(t), false); !errors.Is(err, errProtocol) {
		t.Errorf("without its base: %v", err)
	}
}

// looseBlob puts an object into a file of its own, as git does.
func looseBlob(t testing.TB, gitDir, content string) {
	t.Helper()
	var file bytes.Buffer
	w := zlib.NewWriter(&file)
	_, _ = w.Write(append([]byte("blob "+string(rune('0'+len(content)))+"\x00"), content...))
	_ = w.Close()
	hex := blob(content).String()
	dir := filepath.Join(gitDir, "objects", hex[:2])
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, hex[2:]), file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestPacksThatAreMadeToHurtAreRefusedInLittleMemory(t *testing.T) {
	grow := func() []byte { // a few bytes that make 1 GiB of one of 64 KiB
		delta := varints(0x10000, 1<<30)
		return append(delta, bytes.Repeat([]byte{0x80}, 1<<14)...)
	}
	for name, c := range map[string]struct {
		build func(p *packed)
		kind  error
	}{
		"file of 1 GiB":   {func(p *packed) { p.ofsDelta(p.object(plumbing.BlobObject, strings.Repeat("x", 0x10000)), grow()) }, nil},
		"folder of 1 GiB": {func(p *packed) { p.ofsDelta(p.object(plumbing.TreeObject, strings.Repeat("x", 0x10000)), grow()) }, ErrTooLarge},
		"chain of 5,000": {func(p *packed) {
			at := p.object(plumbing.BlobObject, "x")
			for range 5000 {
				at = p.ofsDelta(at, replacing(1, "x"))
			}
		}, errProtocol},
		"circle": {func(p *packed) {
			p.refDelta(blob("a"), replacing(1, "b"))
			p.refDelta(blob("b"), replacing(1, "a"))
		}, errProtocol},
		"base of another size": {func(p *packed) { p.ofsDelta(p.object(plumbing.BlobObject, "x"), replacing(2, "y")) }, errProtocol},
		"delta without an end": {func(p *packed) { p.ofsDelta(p.object(plumbing.BlobObject, "x"), varints(1, 5)) }, errProtocol},
		"copy beyond the base": {func(p *packed) {
			p.ofsDelta(p.object(plumbing.BlobObject, "x"), append(varints(1, 2), 0x90, 2))
		}, errProtocol},
		"reserved operation": {func(p *packed) { p.ofsDelta(p.object(plumbing.BlobObject, "x"), append(varints(1, 1), 0)) }, errProtocol},
		"too many objects":   {func(p *packed) { p.count = 4_000_000_000 }, ErrTooLarge},
		"fewer objects":      {func(p *packed) { p.count = 1 }, errProtocol},
		"unknown kind":       {func(p *packed) { p.object(5, "x") }, errProtocol},
		"base within itself": {func(p *packed) { p.ofsDelta(int64(p.Len()), replacing(1, "x")) }, errProtocol},
	} {
		t.Run(name, func(t *testing.T) {
			p := newPacked()
			c.build(p)
			f := p.file(t)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := indexPack(t.Context(), f, nothing(t), false)
			runtime.ReadMemStats(&after)
			if !errors.Is(err, c.kind) {
				t.Errorf("index: %v, want %v", err, c.kind)
			}
			if spent := after.TotalAlloc - before.TotalAlloc; spent > 128<<20 {
				t.Errorf("%d bytes were allocated", spent)
			}
		})
	}
}

func TestUnpackingEndsWithItsContext(t *testing.T) {
	p := newPacked()
	p.object(plumbing.BlobObject, "x")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTimeout)
	if _, err := indexPack(ctx, p.file(t), nothing(t), false); !errors.Is(netError(ctx, err), ErrUnavailable) {
		t.Errorf("index: %v", err)
	}
}

func FuzzPack(f *testing.F) {
	p := newPacked()
	p.ofsDelta(p.object(plumbing.BlobObject, "one"), replacing(3, "two"))
	p.refDelta(blob("one"), replacing(3, "three"))
	f.Add(p.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		p := &packed{}
		p.Write(text)
		if p.Len() >= 12 {
			p.count = binary.BigEndian.Uint32(text[8:])
			_, _ = indexPack(t.Context(), p.file(t), nothing(t), false)
		}
	})
}

func FuzzDelta(f *testing.F) {
	f.Add([]byte("one"), replacing(3, "two"))
	f.Add([]byte("one"), append(varints(3, 3), 0x90, 3))
	f.Fuzz(func(t *testing.T, base, delta []byte) {
		result, err := applyDelta(base, delta)
		text := fields{delta}
		text.varint()
		if size := text.varint(); err == nil && int64(len(result)) != size {
			t.Errorf("%d bytes, want %d", len(result), size)
		}
	})
}

func FuzzTree(f *testing.F) {
	f.Add([]byte("100644 a.yaml\x00" + strings.Repeat("\x11", 20) + "40000 b\x00" + strings.Repeat("\x22", 20)))
	f.Fuzz(func(t *testing.T, content []byte) {
		entries, err := parseTree(content)
		for _, e := range entries {
			if checkName(e.name) != nil {
				t.Errorf("name %q", e.name)
			}
		}
		if err == nil && len(entries) == 0 && len(content) > 0 {
			t.Error("content without entries or an error")
		}
	})
}
