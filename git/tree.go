package git

import (
	"bytes"
	"io/fs"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// maxTree bounds one tree or commit object, in bytes. A folder of 100,000 files takes about 5 MiB.
const maxTree = 16 << 20

// entry is one line of a tree.
type entry struct {
	name string
	mode filemode.FileMode
	hash plumbing.Hash
}

// parseTree reads a tree object. It refuses what git itself never writes: names that lead elsewhere, and two entries of
// one name, of which a reader would see one or the other.
func parseTree(content []byte) ([]entry, error) {
	var entries []entry
	seen := map[string]bool{}
	for len(content) > 0 {
		mode, rest, ok := bytes.Cut(content, []byte(" "))
		name, rest, ok2 := bytes.Cut(rest, []byte{0})
		if !ok || !ok2 || len(rest) < len(plumbing.ZeroHash) {
			return nil, fail(ErrCorrupt, "malformed tree")
		}
		e := entry{name: string(name)}
		var err error
		if e.mode, err = filemode.New(string(mode)); err != nil {
			return nil, fail(ErrCorrupt, "malformed tree: mode of %q", printable(e.name))
		}
		content = rest[copy(e.hash[:], rest):]
		if err := checkName(e.name); err != nil {
			return nil, err
		}
		if seen[e.name] {
			return nil, fail(ErrCorrupt, "tree holds %q twice", e.name)
		}
		seen[e.name] = true
		entries = append(entries, e)
	}
	return entries, nil
}

func checkName(name string) error {
	if strings.EqualFold(name, ".git") || name == "." || strings.Contains(name, "/") || !fs.ValidPath(name) && utf8.ValidString(name) {
		return fail(ErrUnsupported, "name %q in a tree is not supported", printable(name))
	}
	return nil
}

// checkShown refuses names that are not to be shown to anybody. Git takes them, so that they are refused where they are read or
// listed, and in nobody's way elsewhere: many a repository has a file called Icon\r, or a name in Latin-1.
func checkShown(name string) error {
	if strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) {
		return fail(ErrUnsupported, "control character in the name %q is not supported", printable(name))
	}
	return nil
}
