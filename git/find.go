package git

import (
	"errors"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
)

// shownNames is how many names an error lists.
const shownNames = 5

// refs are those of a repository as they are now.
type refs interface {
	resolve(full string) (plumbing.Hash, error) // errNoRef when there is none
	below(prefix string) ([]string, error)      // names without the prefix, sorted
}

// found is where a target leads.
type found struct {
	full string        // the whole name of the ref; "" of a commit
	hash plumbing.Hash // of a commit, or of a tag that stands for one
}

// find looks the target up. That it was there before is said when it is not any more.
func (t target) find(in refs, before bool) (found, error) {
	if !t.commit.IsZero() {
		return found{hash: t.commit}, nil
	}
	full := t.full
	if t.versions != nil {
		names, err := in.below(tags)
		if err != nil {
			return found{}, err
		}
		highest := t.highest(names)
		if highest == "" {
			return found{}, t.noVersion(names)
		}
		full = tags + highest
	}
	hash, err := in.resolve(full)
	if errors.Is(err, errNoRef) {
		return found{}, t.missing(in, before)
	}
	return found{full, hash}, err
}

// highest returns the tag of the highest version in the range, "" for none. Of tags that name the same version, as v1.0.0
// and 1.0.0 do, or that differ in what stands behind a plus, it is the last by name.
func (t target) highest(names []string) string {
	var best *semver.Version
	var tag string
	for _, name := range names { // sorted
		if v := version(name); v != nil && t.versions.Check(v) && (best == nil || !v.LessThan(best)) {
			best, tag = v, name
		}
	}
	return tag
}

// version reads a tag as a version with all of its three numbers, nil for any other: v1 is moved about by many.
func version(tag string) *semver.Version {
	if len(tag) > maxRefText {
		return nil
	}
	v, err := semver.StrictNewVersion(strings.TrimPrefix(tag, "v"))
	if err != nil {
		return nil
	}
	return v
}

// noVersion says which versions there are instead, the highest first.
func (t target) noVersion(names []string) error {
	names = slices.DeleteFunc(names, func(name string) bool { return version(name) == nil })
	slices.SortStableFunc(names, func(a, b string) int { return version(b).Compare(version(a)) })
	return fail(ErrRefNotFound, "no tag is %s: there is %s", t, some(names))
}

// missing says which refs of the kind there are instead.
func (t target) missing(in refs, before bool) error {
	kind, prefix := ErrRefNotFound, tags
	switch {
	case strings.HasPrefix(t.full, heads):
		kind, prefix = ErrBranchNotFound, heads
	case !strings.HasPrefix(t.full, tags):
		return fail(ErrRefNotFound, "%s not found%s", t, since(before))
	}
	names, err := in.below(prefix)
	if err != nil {
		return err
	}
	return fail(kind, "%s not found%s: there is %s", t, since(before), some(names))
}

func since(before bool) string {
	if before {
		return ", it was deleted; what it was last is kept"
	}
	return ""
}

// some lists a few names.
func some(names []string) string {
	more := ""
	if len(names) > shownNames {
		names, more = names[:shownNames], ", ..."
	}
	if len(names) == 0 {
		return "none"
	}
	return printable(strings.Join(names, ", ")) + more
}

// advertised are the refs that a server has listed.
type advertised struct{ *packp.AdvRefs }

func (a advertised) resolve(full string) (plumbing.Hash, error) {
	if hash, ok := a.References[full]; ok {
		return hash, nil
	}
	return plumbing.ZeroHash, errNoRef
}

func (a advertised) below(prefix string) ([]string, error) {
	var names []string
	for ref := range a.References {
		if name, ok := strings.CutPrefix(ref, prefix); ok {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// commit returns what the server says that a hash means in the end, as far as it does: that of a tag may stand for itself.
func (a advertised) commit(f found) plumbing.Hash {
	if peeled, ok := a.Peeled[f.full]; ok {
		return peeled
	}
	return f.hash
}
