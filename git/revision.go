package git

import (
	"fmt"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// algorithm separates ref and hash where a revision is written out, and says what the hash is.
const algorithm = "@sha1:"

// shortHash is how many digits of a hash are shown to people.
const shortHash = 7

// Revision is a commit and the branch that it was found on. It is comparable; the zero Revision is none.
type Revision struct {
	Ref  string // a branch's name: main
	Hash string // 40 hexadecimal digits
}

// IsZero reports whether r is no revision.
func (r Revision) IsZero() bool { return r == Revision{} }

// String returns the revision as people read it, main@sha1:3f2a1c9, and "none" for the zero Revision.
func (r Revision) String() string {
	if r.IsZero() {
		return "none"
	}
	return printable(r.Ref) + algorithm + r.Hash[:min(shortHash, len(r.Hash))]
}

// MarshalText returns the form that [ParseRevision] reads, with the whole hash; it is empty for the zero Revision.
func (r Revision) MarshalText() ([]byte, error) {
	if r.IsZero() {
		return nil, nil
	}
	return []byte(r.Ref + algorithm + r.Hash), nil
}

// UnmarshalText is [ParseRevision] for decoders. The Revision stays as it was when the text is none.
func (r *Revision) UnmarshalText(text []byte) error {
	parsed, err := ParseRevision(string(text))
	if err == nil {
		*r = parsed
	}
	return err
}

// ParseRevision reads branch@sha1:<40 hexadecimal digits>, the form of [Revision.MarshalText]; empty text is the zero
// Revision. Text of any other form is an error that quotes it.
func ParseRevision(text string) (Revision, error) {
	if text == "" {
		return Revision{}, nil
	}
	at := strings.LastIndex(text, algorithm)
	if at < 1 || !plumbing.IsHash(text[at+len(algorithm):]) {
		return Revision{}, fmt.Errorf("revision %q: want branch%s<40 hexadecimal digits>", printable(text), algorithm)
	}
	return Revision{Ref: text[:at], Hash: strings.ToLower(text[at+len(algorithm):])}, nil
}
