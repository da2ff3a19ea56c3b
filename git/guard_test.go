package git

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// TestAPackThatIsTooLargeIsNotTakenForOneThatIsCutShort bounds it at less than all packs are.
func TestAPackThatIsTooLargeIsNotTakenForOneThatIsCutShort(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "pack"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for line, caps := range map[string][]capability.Capability{
		strings.Repeat("x", 100):                              nil,
		strings.Repeat("0032\x01"+strings.Repeat("x", 45), 5): {capability.Sideband64k},
	} {
		list := capability.NewList()
		for _, c := range caps {
			_ = list.Set(c)
		}
		wire := boundPack(strings.NewReader(line)).(*bounded)
		wire.left = 70
		err := download(t.Context(), &writer{File: f}, demux(wire, list))
		if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "more than 2048 MiB for a commit: have it send the folders") {
			t.Errorf("download: %v", err)
		}
	}
}
