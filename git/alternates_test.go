package git

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestRepositoriesThatBorrowFromEachOtherAreLookedThroughOnce(t *testing.T) {
	dir := t.TempDir()
	one, other := filepath.Join(dir, "one"), filepath.Join(dir, "other")
	for folder, lines := range map[string]string{one: "../other\n../one/../other\n", other: "../one\n.\n/none/such\n"} {
		if err := os.MkdirAll(filepath.Join(folder, "info"), 0o700); err != nil {
			t.Fatal(err)
		}
		text := strings.Repeat(lines, 20) // by each of which there would be as many ways again, five deep
		if err := os.WriteFile(filepath.Join(folder, "info", "alternates"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := alternates(one)
	if want := []string{one, other, "/none/such"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%d folders, %v, want %q", len(got), err, want)
	}
}
