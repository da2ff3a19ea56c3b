package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

func TestGitReadsAnIndexWhateverTheOffsets(t *testing.T) {
	var index table
	want := []string{}
	for i, offset := range []int64{12, 1<<31 - 1, 1 << 31, 7 << 32} {
		h := blob(fmt.Sprint(i))
		index.add(h, offset, uint32(i)+7)
		index.add(h, offset, uint32(i)+7) // some servers send an object twice
		want = append(want, fmt.Sprintf("%d %s (%08x)", offset, h, i+7))
	}
	name := filepath.Join(t.TempDir(), "pack.idx")
	if err := index.write(name, blob("pack")); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	show := exec.Command("git", "show-index")
	show.Stdin = file
	out, err := show.CombinedOutput()
	if err != nil {
		t.Fatalf("git show-index: %v\n%s", err, out)
	}
	got := strings.Split(strings.TrimSpace(string(out)), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("git reads %q, want %q", got, want)
	}
}

// TestAnIndexTakesLittleMemoryForEachObject counts what is in use, as a hostile pack of 40 MiB can hold two million.
func TestAnIndexTakesLittleMemoryForEachObject(t *testing.T) {
	const n = 50_000
	p := newPacked()
	for i := range n {
		p.header(plumbing.BlobObject, 6)
		p.deflate(fmt.Appendf(nil, "%06d", i))
	}
	f := p.file(t)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	index, err := indexPack(t.Context(), f, nothing(t), false)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if err != nil || len(index.lines) != n {
		t.Fatalf("%d objects: %v", len(index.lines), err)
	}
	runtime.KeepAlive(p)
	if took := (after.HeapAlloc - before.HeapAlloc) / n; took > 64 {
		t.Errorf("%d bytes an object", took)
	}
}

// costly is a pack of a few KiB with a chain of differences that make 16 MiB each, and where the last of them begins.
func costly(p *packed, deltas int) (last int64) {
	const size = 16 << 20
	at := p.object(plumbing.BlobObject, strings.Repeat("x", size))
	whole := append(varints(size, size), 0xff, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0x90, 1) // all but the last byte, and that of the first
	for range deltas {
		at = p.ofsDelta(at, whole)
	}
	return at
}

func TestWhatIsMadeOfDifferencesIsBounded(t *testing.T) {
	p := newPacked()
	last := costly(p, 3)
	f := p.file(t)
	r := newReader(nil)
	r.work = maxWork - 2*16<<20 // for others, by the same reader
	if _, err := r.at(&pack{file: f, index: f, known: &table{}}, last, maxBase); !errors.Is(err, ErrTooLarge) {
		t.Errorf("read: %v", err)
	}
}

// impatient is a context that ends once it has been asked so often.
type impatient struct {
	context.Context
	left int
}

func (i *impatient) Err() error {
	if i.left--; i.left < 0 {
		return context.Canceled
	}
	return nil
}

// TestApplyingDifferencesEndsWithItsContext has it end while a single object is made.
func TestApplyingDifferencesEndsWithItsContext(t *testing.T) {
	p := newPacked()
	last := costly(p, 10)
	f := p.file(t)
	x := indexer{deltas: []delta{{offset: last}}}
	x.pack = &pack{file: f, index: f, known: &x.table}
	if err := x.resolve(&impatient{t.Context(), 5}); !errors.Is(err, context.Canceled) {
		t.Errorf("resolve: %v", err)
	}
}
