package git

import (
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// trees finds paths in one commit. It parses each tree on the way once, however many paths share it.
type trees struct {
	reader *reader
	root   plumbing.Hash
	parsed map[string][]entry // by the folder's path, sorted by name
}

func newTrees(from *reader, root plumbing.Hash) *trees {
	return &trees{reader: from, root: root, parsed: map[string][]entry{}}
}

// find returns what is at a clean path, its name the whole path; found is false when there is nothing, and the name is
// then that of the nearest folder. A symlink or a submodule is returned as it is when the path ends there, and is
// an error on the way to something below it.
func (t *trees) find(name string) (at entry, found bool, err error) {
	at = entry{name: ".", mode: filemode.Dir, hash: t.root}
	if name == "." {
		return at, true, nil
	}
	if strings.Count(name, "/") >= maxDepth {
		return at, false, fail(ErrTooLarge, "%s: more than %d folders inside each other", printable(name), maxDepth)
	}
	for part := range strings.SplitSeq(name, "/") {
		if at.mode != filemode.Dir {
			return entry{name: path.Dir(at.name)}, false, at.refusal()
		}
		below, err := t.below(at)
		if err != nil {
			return at, false, err
		}
		i, there := slices.BinarySearchFunc(below, part, func(e entry, name string) int { return strings.Compare(e.name, name) })
		if !there {
			return at, false, nil
		}
		next := below[i]
		next.name = path.Join(at.name, part)
		at = next
	}
	return at, true, nil
}

// below returns what is in a folder, which at was found as.
func (t *trees) below(at entry) ([]entry, error) {
	if entries, ok := t.parsed[at.name]; ok {
		return entries, nil
	}
	if entries, ok := t.reader.objects.treeAt(at.hash); ok {
		t.parsed[at.name] = entries
		return entries, nil
	}
	content, err := t.reader.read(at.hash, plumbing.TreeObject, maxTree)
	if err != nil {
		return nil, within(at.name, err)
	}
	entries, err := parseTree(content)
	if err != nil {
		return nil, within(at.name, err)
	}
	// Git sorts folders as if they ended in a slash.
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	t.parsed[at.name] = entries
	t.reader.objects.parsed.put(at.hash, entries)
	return entries, nil
}

// refusal says why an entry can be neither read nor listed, or is nil.
func (e entry) refusal() error {
	if err := checkShown(e.name); err != nil {
		return err
	}
	switch kind := unsupported[e.mode]; {
	case kind != "":
		return fail(ErrUnsupported, "%s: %s is not supported", printable(e.name), kind)
	case e.mode == filemode.Dir || e.mode.IsFile():
		return nil
	}
	return fail(ErrUnsupported, "%s: mode %s is not supported", printable(e.name), e.mode)
}
