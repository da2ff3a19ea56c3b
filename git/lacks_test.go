package git

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// TestNobodyLooksThroughAFolderThatIsTooLargeToBeRead has ten folders inside each other, of 30,000 files each.
func TestNobodyLooksThroughAFolderThatIsTooLargeToBeRead(t *testing.T) {
	g, err := newGeneration(t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	const files, folders = 30_000, 10
	p := newPacked()
	p.object(plumbing.BlobObject, "x")
	x := blob("x")
	var tree strings.Builder
	for i := range files {
		fmt.Fprintf(&tree, "100644 %05d\x00%s", i, x[:])
	}
	below := plumbing.ZeroHash
	for range folders {
		text := tree.String()
		if !below.IsZero() {
			text += fmt.Sprintf("40000 below\x00%s", below[:])
		}
		p.object(plumbing.TreeObject, text)
		below = plumbing.ComputeHash(plumbing.TreeObject, []byte(text))
	}
	f := p.file(t)
	if _, err := f.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	if err := g.store(t.Context(), f, capability.NewList()); err != nil {
		t.Fatal(err)
	}
	s := newSurvey(g.objects.reader(), nil)
	defer s.from.close()
	if err := s.below(below, 0); err != nil || !s.wants.none() {
		t.Errorf("lacks %d: %v", s.wants.asked(), err)
	}
	if most := MaxPathEntries/files + 1; len(s.walked) > most {
		t.Errorf("%d folders were looked at, want at most %d", len(s.walked), most)
	}
}
