package live

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares got with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", path, diff)
	}
}

// film is what a terminal is given after each event: lines for good, and below them, behind a bar, the block.
func film(look theme, width, height int, s *script) string {
	size := func() (int, int) { return width + 1, height + 1 }
	terminal := newTerminal(nil, look, size, web)
	var b strings.Builder
	last := ""
	for _, event := range s.events {
		terminal.Observe(nil, event)
		above, block := terminal.next(event.At.Add(5 * time.Millisecond))
		text := ""
		for _, l := range above {
			text += look.render(l) + "\n"
		}
		for _, l := range block {
			text += strings.TrimRight("| "+look.render(l), " ") + "\n"
		}
		if text != "" && text != last {
			fmt.Fprintf(&b, "=== %s\n%s", event.At.Format("15:04:05.000"), text)
			last = text
		}
	}
	return b.String()
}

func TestACommitGoesLive(t *testing.T) {
	golden(t, "scaled-80.txt", film(theme{}, 79, 23, scaled()))
}

func TestANarrowTerminal(t *testing.T) {
	golden(t, "scaled-40.txt", film(theme{}, 39, 23, scaled()))
}

func TestATerminalThatKnowsOnlyASCII(t *testing.T) {
	golden(t, "scaled-ascii.txt", film(theme{ascii: true}, 79, 23, scaled()))
}
