package git_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

// credentials are the files of a folder, by name.
type credentials map[string]string

// folder makes a folder of them.
func (c credentials) folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	c.into(t, dir)
	return dir
}

// into writes them as they are written by hand: one after the other, in place.
func (c credentials) into(t testing.TB, dir string) {
	t.Helper()
	for name, text := range c {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// mount writes them as a kubelet does: into a new folder, then at once by way of ..data.
func (c credentials) mount(t testing.TB, dir string) {
	t.Helper()
	version, err := os.MkdirTemp(dir, "..version")
	if err != nil {
		t.Fatal(err)
	}
	c.into(t, version)
	before, _ := os.Readlink(filepath.Join(dir, "..data"))
	if err := os.Symlink(version, filepath.Join(dir, "..data_tmp")); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")); err != nil {
		t.Fatal(err)
	}
	for name := range c {
		if err := os.Symlink("..data/"+name, filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrExist) {
			t.Fatal(err)
		}
	}
	if before != "" {
		_ = os.RemoveAll(before)
	}
}

// with returns them with others added or, where the text is empty, taken out.
func (c credentials) with(others credentials) credentials {
	all := maps.Clone(c)
	for name, text := range others {
		if all[name] = text; text == "" {
			delete(all, name)
		}
	}
	return all
}

// denied wants a fetch with the credentials to fail so, with one of their secrets in no text.
func denied(t *testing.T, url string, c credentials, kind error, text string) {
	t.Helper()
	_, err := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: c.folder(t)}).Fetch(t.Context())
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("fetch: %v, want %v: %s", err, kind, text)
	}
	if err != nil {
		shows(t, err.Error(), c)
	}
}

// shows wants none of the secrets in a text.
func shows(t *testing.T, text string, c credentials) {
	t.Helper()
	for name, secret := range c {
		for line := range strings.Lines(secret) {
			if line = strings.TrimSpace(line); len(line) > 5 && strings.Contains(text, line) && name != "username" {
				t.Errorf("%s is in %q", name, text)
			}
		}
	}
}
