package live

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestAFileAndAPipeAreNoTerminal(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = errors.Join(r.Close(), w.Close()) })
	for _, out := range []*os.File{f, w} {
		if IsTerminal(out) || themeOf(out) != (theme{}) || room(out) != 0 {
			t.Errorf("%s is taken for a terminal", out.Name())
		}
		if columns, rows := sizeOf(out); columns != 80 || rows != 24 {
			t.Errorf("%s has %d columns and %d rows, want 80 and 24", out.Name(), columns, rows)
		}
	}
	if themeOf(&bytes.Buffer{}) != (theme{}) {
		t.Error("a buffer gets colour")
	}
}

func TestTheLocaleSaysWhetherMarksCanBeShown(t *testing.T) {
	for locale, want := range map[string]bool{
		"en_US.UTF-8": true, "C.utf8": true, "de_DE.UTF-8@euro": true, "C": false, "POSIX": false, "": false, "de_DE.ISO-8859-1": false,
	} {
		if isUTF8(locale) != want {
			t.Errorf("%q: want %v", locale, want)
		}
	}
}
