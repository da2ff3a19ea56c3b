package git

import (
	"errors"
	"maps"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
)

// wants are the objects that a copy lacks.
type wants struct {
	above []plumbing.Hash // folders on the way, which tell what is to be asked for next
	whole []plumbing.Hash // with all that is below them
}

func (w wants) none() bool { return w.asked() == 0 }
func (w wants) asked() int { return len(w.above) + len(w.whole) }

// wanting is an object of a kind by itself.
func wanting(h plumbing.Hash, t plumbing.ObjectType) wants {
	if t == plumbing.TreeObject {
		return wants{above: []plumbing.Hash{h}}
	}
	return wants{whole: []plumbing.Hash{h}}
}

// lacks returns what is not here of the folders of a commit.
func (g *generation) lacks(commit plumbing.Hash, folders []string) (wants, error) {
	s := newSurvey(g.objects.reader(), g.complete)
	defer s.from.close()
	c, err := s.from.commit(commit)
	if err != nil {
		return wants{}, fail(ErrCorrupt, "commit %s cannot be read", commit)
	}
	for _, folder := range folders {
		if err := s.folder(c.TreeHash, folder); err != nil {
			return wants{}, err
		}
	}
	if s.wants.none() {
		maps.Copy(g.complete, s.walked)
	}
	return s.wants, nil
}

// survey looks for what a copy lacks, at each object once, however often it occurs.
type survey struct {
	from     *reader
	complete map[plumbing.Hash]bool // trees all of which was here before
	walked   map[plumbing.Hash]bool // trees
	blobs    map[plumbing.Hash]bool
	trees    map[plumbing.Hash][]entry // on the way
	wants    wants
	entries  int // below one folder
}

func newSurvey(from *reader, complete map[plumbing.Hash]bool) *survey {
	return &survey{
		from: from, complete: complete,
		walked: map[plumbing.Hash]bool{}, blobs: map[plumbing.Hash]bool{}, trees: map[plumbing.Hash][]entry{},
	}
}

// folder goes down to a folder from the root. That there is none is for those to say who read it.
func (s *survey) folder(at plumbing.Hash, name string) error {
	for part := range strings.SplitSeq(name, "/") {
		below, err := s.way(at)
		if err != nil || below == nil {
			return err
		}
		e, found := entry{}, false
		for _, e = range below {
			if found = e.name == part; found {
				break
			}
		}
		if !found || e.mode != filemode.Dir {
			return nil
		}
		at = e.hash
	}
	s.entries = 0
	return s.below(at, 0)
}

// way returns what is in a folder on the way, nil when that is not here.
func (s *survey) way(at plumbing.Hash) ([]entry, error) {
	if entries, ok := s.trees[at]; ok {
		return entries, nil
	}
	entries, err := s.tree(at)
	if err == nil && entries == nil {
		s.wants.above = append(s.wants.above, at)
	}
	s.trees[at] = entries
	return entries, err
}

// tree returns what is in a folder, nil when that is not here.
func (s *survey) tree(at plumbing.Hash) ([]entry, error) {
	object, err := s.from.once(at, plumbing.TreeObject, maxTree)
	switch {
	case errors.Is(err, errMissing):
		return nil, nil
	case err != nil:
		return nil, err
	}
	entries, err := parseTree(object.content)
	if err == nil && entries == nil {
		entries = []entry{} // an empty folder is one that is here
	}
	return entries, err
}

// below asks for what is not here of a folder. What lies too deep nobody reads, nor a folder of too many files.
func (s *survey) below(at plumbing.Hash, depth int) error {
	if s.complete[at] || s.walked[at] || depth > maxDepth {
		return nil
	}
	s.walked[at] = true
	entries, err := s.tree(at)
	if err != nil {
		return err
	}
	if entries == nil {
		s.wants.whole = append(s.wants.whole, at)
		return nil
	}
	if s.entries += len(entries); s.entries > MaxPathEntries {
		return nil
	}
	for _, e := range entries {
		switch {
		case e.mode == filemode.Dir:
			if err := s.below(e.hash, depth+1); err != nil {
				return err
			}
		case e.mode.IsFile() && !s.blobs[e.hash]:
			if err := s.blob(e.hash); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *survey) blob(h plumbing.Hash) error {
	s.blobs[h] = true
	here, err := s.from.has(h)
	if err == nil && !here {
		s.wants.whole = append(s.wants.whole, h)
	}
	return err
}
