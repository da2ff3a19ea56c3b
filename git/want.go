package git

import (
	"errors"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// allowed says why the server will not give what is wanted: most list the refs that they give, and some give any commit.
func (n negotiation) allowed() error {
	if n.found.full != "" || (advertised{n.advert}).lists(n.found.hash) {
		return nil
	}
	if slices.ContainsFunc([]capability.Capability{capability.AllowReachableSHA1InWant, capability.AllowTipSHA1InWant}, n.advert.Capabilities.Supports) {
		return nil
	}
	return fail(ErrRefNotFound, "commit %s is at the head of no ref, and the server gives no other: "+
		"name a tag or a branch, or have uploadpack.allowReachableSHA1InWant set there", n.found.hash)
}

// refused tells a commit that the server does not have, or does not give, from an answer that cannot be read. It says so in
// words of its own, in place of an answer.
func (n negotiation) refused(err error) error {
	if n.found.full == "" && errors.Is(err, errProtocol) && !(advertised{n.advert}).lists(n.found.hash) {
		return fail(ErrRefNotFound, "commit %s not found: the server has none, or does not give it; push it, or name another", n.found.hash)
	}
	return err
}

// lists reports whether a ref leads to the object.
func (a advertised) lists(h plumbing.Hash) bool {
	for _, refs := range []map[string]plumbing.Hash{a.References, a.Peeled} {
		for _, hash := range refs {
			if hash == h {
				return true
			}
		}
	}
	return false
}
