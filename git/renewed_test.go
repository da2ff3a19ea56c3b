package git_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

func TestWhatIsShownToAServerIsKnownToBeRenewed(t *testing.T) {
	t.Parallel()
	url := serve(t, answer(404, "text/plain", ""))
	dir, keys, cache := t.TempDir(), t.TempDir(), t.TempDir()
	r := openWith(t, git.Options{URL: "https" + url[len("http"):], Dir: cache, Credentials: dir, Keys: keys})
	if r.Renewed() {
		t.Error("renewed before anybody has asked")
	}
	for _, c := range []struct {
		name   string
		change func()
	}{
		{"a token", func() { credentials{"token": "first-secret"}.mount(t, dir) }},
		{"another token", func() { credentials{"token": "second-secret"}.mount(t, dir) }},
		{"an authority", func() { credentials{"token": "second-secret", "ca.crt": "x"}.mount(t, dir) }},
		{"no folder", func() { _ = os.RemoveAll(dir) }},
		{"a folder", func() { credentials{"token": "second-secret"}.mount(t, mkdir(t, dir)) }},
		{"a key", func() { write(t, filepath.Join(keys, "ada.pub")) }},
		{"another's name", func() { _ = os.Rename(filepath.Join(keys, "ada.pub"), filepath.Join(keys, "ben.pub")) }},
		{"no key's folder", func() { _ = os.RemoveAll(keys) }},
	} {
		_, _ = r.Fetch(t.Context())
		if r.Renewed() {
			t.Errorf("before %s: renewed", c.name)
		}
		c.change()
		if !r.Renewed() {
			t.Errorf("%s: not renewed", c.name)
		}
	}
}
