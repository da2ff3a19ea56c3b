package git

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
	"github.com/go-git/go-git/v5/plumbing"
)

const (
	heads = "refs/heads/"
	tags  = "refs/tags/"
	// maxRefText bounds the name of a ref and a range of versions, in bytes.
	maxRefText = 255
)

// Ref is what is read of a repository in place of a branch's head: one of its fields, or none.
type Ref struct {
	Tag    string // a tag's name without refs/tags/, annotated or not
	SemVer string // a range of versions, as ">=1.2 <2": the highest that a tag of the form 1.2.3 or v1.2.3 names
	Name   string // the whole name of a ref, as refs/pull/420/head
	Commit string // 40 hexadecimal digits
}

// IsZero reports whether r is none, so that a branch is read.
func (r Ref) IsZero() bool { return r == Ref{} }

// target is a [Ref] or a branch that has been checked.
type target struct {
	full     string              // the whole name of the ref; "" of what follows
	versions *semver.Constraints // nil unless it is a range of versions
	text     string              // of the range
	commit   plumbing.Hash       // zero unless it is a commit
}

// target checks what is to be read.
func (o Options) target() (target, error) {
	r := o.Ref
	n := 0
	for _, text := range []string{o.Branch, r.Tag, r.SemVer, r.Name, r.Commit} {
		if text != "" {
			n++
		}
	}
	switch {
	case n > 1:
		return target{}, fail(ErrURL, "more than one of branch, tag, version range, ref and commit is given: want one")
	case r.Tag != "":
		return tagTarget(r.Tag)
	case r.SemVer != "":
		return rangeTarget(r.SemVer)
	case r.Name != "":
		return nameTarget(r.Name)
	case r.Commit != "":
		return commitTarget(r.Commit)
	case n == 0:
		o.Branch = DefaultBranch
	}
	return target{full: heads + o.Branch}, checkBranch(o.Branch)
}

func tagTarget(name string) (target, error) {
	if strings.HasPrefix(name, "refs/") {
		return target{}, fail(ErrURL, "tag %q: give the tag's name alone, without refs/tags/", printable(name))
	}
	if !isRefName(tags + name) {
		return target{}, fail(ErrURL, "tag %q is not a valid name", printable(name))
	}
	return target{full: tags + name}, nil
}

func rangeTarget(text string) (target, error) {
	if len(text) <= maxRefText {
		if versions, err := semver.NewConstraint(text); err == nil {
			return target{versions: versions, text: text}, nil
		}
	}
	return target{}, fail(ErrURL, "version range %q is not one: want one as >=1.2 <2, or ~1.4", printable(text))
}

func nameTarget(name string) (target, error) {
	if !strings.HasPrefix(name, "refs/") || !isRefName(name) {
		return target{}, fail(ErrURL, "ref %q is not a whole and valid name, as refs/pull/420/head", printable(name))
	}
	return target{full: name}, nil
}

func commitTarget(text string) (target, error) {
	hash := plumbing.NewHash(text)
	if !plumbing.IsHash(text) || hash.IsZero() {
		return target{}, fail(ErrURL, "commit %q is not a hash of 40 hexadecimal digits", printable(text))
	}
	return target{commit: hash}, nil
}

// isRefName reports whether git itself would take name for a ref. It becomes part of a path.
func isRefName(name string) bool {
	ref := plumbing.ReferenceName(name)
	return len(name) <= maxRefText && ref.Validate() == nil && ref.IsSafe()
}

// String names the target for people.
func (t target) String() string {
	switch {
	case t.versions != nil:
		return fmt.Sprintf("a version in the range %q", printable(t.text))
	case !t.commit.IsZero():
		return "commit " + t.commit.String()
	case strings.HasPrefix(t.full, heads):
		return fmt.Sprintf("branch %q", printable(shownRef(t.full)))
	case strings.HasPrefix(t.full, tags):
		return fmt.Sprintf("tag %q", printable(shownRef(t.full)))
	}
	return fmt.Sprintf("ref %q", printable(t.full))
}

// shownRef is how a revision calls a ref: branches and tags by their names, all else by the whole.
func shownRef(full string) string {
	for _, prefix := range []string{heads, tags} {
		if name, ok := strings.CutPrefix(full, prefix); ok {
			return name
		}
	}
	return full
}
