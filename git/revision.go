package git

import (
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

const (
	// algorithm stands before the hash where a revision is written out, and says what it is; refEnd separates ref and hash.
	algorithm = "sha1:"
	refEnd    = "@"
)

// shortHash is how many digits of a hash are shown to people.
const shortHash = 7

// Revision is a commit and the ref by which it was found. It is comparable; the zero Revision is none.
type Revision struct {
	Ref  string // a branch or a tag by its name, main, another ref by its whole name; "" of a commit that was asked for as such
	Hash string // 40 hexadecimal digits
}

// IsZero reports whether r is no revision.
func (r Revision) IsZero() bool { return r == Revision{} }

// String returns the revision as people read it, main@sha1:3f2a1c9 or sha1:3f2a1c9, and "none" for the zero Revision.
func (r Revision) String() string {
	if r.IsZero() {
		return "none"
	}
	return r.prefix(printable(r.Ref)) + r.Hash[:min(shortHash, len(r.Hash))]
}

// MarshalText returns the form that [ParseRevision] reads, with the whole hash; it is empty for the zero Revision.
func (r Revision) MarshalText() ([]byte, error) {
	if r.IsZero() {
		return nil, nil
	}
	return []byte(r.prefix(r.Ref) + r.Hash), nil
}

func (r Revision) prefix(ref string) string {
	if r.Ref == "" {
		return algorithm
	}
	return ref + refEnd + algorithm
}

// UnmarshalText is [ParseRevision] for decoders. The Revision stays as it was when the text is none.
func (r *Revision) UnmarshalText(text []byte) error {
	parsed, err := ParseRevision(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// ParseRevision reads ref@sha1:<40 hexadecimal digits>, or the same without a ref, the form of [Revision.MarshalText]; empty
// text is the zero Revision. Text of any other form is an error that quotes it.
func ParseRevision(text string) (Revision, error) {
	if text == "" {
		return Revision{}, nil
	}
	i := max(0, len(text)-len(plumbing.ZeroHash.String()))
	prefix, hash := text[:i], text[i:]
	ref, named := strings.CutSuffix(prefix, refEnd+algorithm)
	switch {
	case !plumbing.IsHash(hash):
	case named && ref != "":
		return Revision{Ref: ref, Hash: strings.ToLower(hash)}, nil
	case prefix == algorithm:
		return Revision{Hash: strings.ToLower(hash)}, nil
	}
	return Revision{}, fmt.Errorf("revision %q: want ref%s%s<40 hexadecimal digits>", printable(text), refEnd, algorithm)
}
