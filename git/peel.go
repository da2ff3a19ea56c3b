package git

import (
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxTags is how many tags may stand for each other.
const maxTags = 5

// peeled is a commit, and the tags that stood for it.
type peeled struct {
	hash   plumbing.Hash
	commit []byte   // as it is stored
	tags   [][]byte // likewise, the outermost first
}

// peel reads what h is the hash of: a commit, or a tag that stands for one.
func (r *reader) peel(h plumbing.Hash) (peeled, error) {
	var p peeled
	for len(p.tags) <= maxTags {
		object, err := r.object(h, plumbing.AnyObject, maxTree)
		if err != nil {
			return peeled{}, err
		}
		switch object.kind {
		case plumbing.CommitObject:
			p.hash, p.commit = h, object.content
			return p, nil
		case plumbing.TagObject:
			p.tags = append(p.tags, object.content)
			t, err := parseTag(object.content)
			if err != nil {
				return peeled{}, err
			}
			h = t.object
		default:
			return peeled{}, fail(ErrUnsupported, "a tag stands for a %s: only commits are followed", object.kind)
		}
	}
	return peeled{}, fail(ErrUnsupported, "more than %d tags stand for each other", maxTags)
}

// tagged is what the first lines of a tag say.
type tagged struct {
	object plumbing.Hash
	name   string
}

// parseTag reads a tag as git writes it, and nothing else: object, type and tag, each once, in this order.
func parseTag(content []byte) (tagged, error) {
	object, rest, _ := strings.Cut(string(content), "\n")
	kind, rest, _ := strings.Cut(rest, "\n")
	name, _, whole := strings.Cut(rest, "\n")
	hash, ok := strings.CutPrefix(object, "object ")
	_, ok2 := strings.CutPrefix(kind, "type ")
	name, ok3 := strings.CutPrefix(name, "tag ")
	if !whole || !ok || !ok2 || !ok3 || !plumbing.IsHash(hash) {
		return tagged{}, fail(ErrCorrupt, "tag is malformed")
	}
	return tagged{plumbing.NewHash(hash), name}, nil
}
