package config

import (
	"path/filepath"
	"strings"
	"unicode"

	"github.com/lockstep-dev/lockstep/git"
)

// credentials returns a folder as an absolute one; "" for none. Whether it is there is found out when it is needed, as a
// Secret may be mounted later.
func (v value) credentials(base string) string {
	text, ok := v.text()
	switch {
	case !ok || text == "":
		return ""
	case strings.ContainsFunc(text, unicode.IsControl):
		v.fail("not a folder: it holds control characters")
	case !filepath.IsAbs(text):
		text = filepath.Join(base, text)
	}
	return filepath.Clean(text)
}

// access checks whether credentials and proxy go with the address.
func (e *entry) access(r Repository) {
	if e.refused() {
		return
	}
	o := git.Options{URL: r.URL, Credentials: r.Credentials}
	if err := o.CheckAccess(); err != nil {
		key := "credentials.dir"
		if r.Credentials == "" {
			key = "url"
		}
		e.fail(e.lineOf(key), "%s: %s", key, err)
		return
	}
	o.Proxy = r.Proxy
	if err := o.CheckAccess(); err != nil {
		e.fail(e.lineOf("proxy"), "proxy: %s", err)
	}
}
