package config

import (
	"path/filepath"
	"strings"
	"unicode"
)

// onDisk returns an absolute path, of a relative one below base; empty for an empty text. Whether there is anything is found
// out when it is needed, as a Secret may be mounted later.
func (v value) onDisk(base string) string {
	text, ok := v.text()
	switch {
	case !ok || text == "":
		return ""
	case strings.ContainsFunc(text, unicode.IsControl):
		v.fail("not a path: it holds control characters")
		return ""
	case !filepath.IsAbs(text):
		text = filepath.Join(base, text)
	}
	return filepath.Clean(text)
}
