package git

import (
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// Unreadable takes the place of a hash in [Snapshot.Hashes] where reading would be refused. No [Root.Trace] holds it.
const Unreadable = "unreadable"

// Hashes returns for each path, slash-separated from the root of the repository, the hash of the tree or blob that it has
// in this commit: "" when there is nothing, and [Unreadable] for what a [Root] refuses to go through, so that one odd
// folder does not hide the others. Each tree on the way is read once, however many paths share it.
//
// It fetches nothing: what a copy of parts lacks is Unreadable as well.
//
// Where it returns what a [Root] of another commit has traced, reading the same gives the same.
func (s Snapshot) Hashes(paths []string) (map[string]string, error) {
	if s.objects == nil {
		return nil, errZero
	}
	from := s.localReader()
	defer from.close()
	commit := newTrees(from, s.root)
	hashes := make(map[string]string, len(paths))
	for _, name := range paths {
		hash, err := commit.hash(name)
		if err != nil {
			return nil, s.named(err)
		}
		hashes[name] = hash
	}
	return hashes, nil
}

func (t *trees) hash(name string) (string, error) {
	if !fs.ValidPath(name) {
		return Unreadable, nil
	}
	at, found, err := t.find(name)
	if err == nil && found {
		err = at.refusal()
	}
	switch {
	case errors.Is(err, ErrCorrupt):
		return "", err
	case err != nil:
		return Unreadable, nil //nolint:nilerr // that it would be refused is what Unreadable says
	case !found:
		return "", nil
	}
	return at.hash.String(), nil
}

// Folders returns the folders that match a pattern, as apps/* or teams/*/apps/*, with the hashes of their trees. Each
// element matches one name as in [path.Match]; a name that begins with a dot is matched by the same name alone, and what is
// no folder is passed over.
//
// The folder before the first wildcard must be there: the error is of the kind [ErrPathNotFound] when it is not.
func (s Snapshot) Folders(pattern string) (map[string]string, error) {
	if s.objects == nil {
		return nil, errZero
	}
	clean := path.Clean(pattern)
	if pattern == "" || !fs.ValidPath(clean) {
		return nil, s.named(fail(ErrPathNotFound, "path %q is not inside the repository", printable(pattern)))
	}
	if _, err := path.Match(clean, ""); err != nil {
		return nil, s.named(fail(ErrPathNotFound, "path %q is not a valid pattern", printable(pattern)))
	}
	from := s.reader()
	defer from.close()
	fixed, parts := split(clean)
	start, err := s.find(from, fixed)
	if err != nil {
		return nil, s.named(err)
	}
	m := matcher{trees: newTrees(from, s.root), folders: map[string]string{}}
	if err := m.match(start, parts); err != nil {
		return nil, s.named(err)
	}
	return m.folders, nil
}

// split cuts a pattern before its first element with a wildcard.
func split(pattern string) (fixed string, parts []string) {
	parts = strings.Split(pattern, "/")
	n := 0
	for n < len(parts) && !strings.ContainsAny(parts[n], `*?[\`) {
		n++
	}
	return path.Join(".", path.Join(parts[:n]...)), parts[n:]
}

// matcher gathers the folders that match.
type matcher struct {
	trees   *trees
	folders map[string]string
	entries int
}

func (m *matcher) match(at entry, parts []string) error {
	if len(parts) == 0 {
		m.folders[at.name] = at.hash.String()
		return nil
	}
	below, err := m.trees.below(at)
	if err != nil {
		return err
	}
	if m.entries += len(below); m.entries > MaxPathEntries {
		return fail(ErrTooLarge, "%s: more than %d files and folders to match", printable(at.name), MaxPathEntries)
	}
	for _, e := range below {
		if e.mode != filemode.Dir || !matches(parts[0], e.name) {
			continue
		}
		e.name = path.Join(at.name, e.name)
		if err := checkShown(e.name); err != nil {
			return err
		}
		if err := m.match(e, parts[1:]); err != nil {
			return err
		}
	}
	return nil
}

func matches(part, name string) bool {
	if strings.HasPrefix(name, ".") {
		return part == name
	}
	ok, _ := path.Match(part, name) // the pattern was checked
	return ok
}
