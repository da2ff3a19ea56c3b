package git

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
)

// maxPast is how many generations of commits a server is asked for to find the one that a few digits mean.
const maxPast = 10_000

// At returns the commit of that hash, or of the one hash that begins with those digits: at least 7, as many as people are
// shown. It need not be on the branch; of a remote it is fetched when it is not here, which not every server allows. A
// commit by a few digits is looked for among those that are here, those that refs lead to, and those before the head of the
// branch. The Revision names no ref. Signatures are asked for as by Fetch, of the commit itself.
//
// The error is of the kind [ErrRefNotFound] where there is no such commit, more than one, or the server does not give it.
func (r *Repository) At(ctx context.Context, hash string) (Snapshot, error) {
	wanted, err := parseDigits(hash)
	var s Snapshot
	if err == nil {
		s, err = r.source.past(ctx, wanted)
	}
	if err == nil && r.keys != nil {
		s.Signer, err = r.keys.verify(s)
	}
	if err != nil {
		return Snapshot{}, named(r.name, err)
	}
	return s, nil
}

// digits are those that a hash begins with, in lower case; all of them for one hash only.
type digits string

func parseDigits(text string) (digits, error) {
	d := digits(strings.ToLower(text))
	_, err := hex.DecodeString(string(d[:len(d)/2*2]))
	odd := len(d)%2 == 1 && !strings.Contains("0123456789abcdef", string(d[len(d)-1]))
	if err != nil || odd || len(d) < shortHash || len(d) > len(plumbing.ZeroHash.String()) {
		return "", fail(ErrRefNotFound, "%q is no commit: want its hash, or at least %d of the digits that it begins with", printable(text), shortHash)
	}
	return d, nil
}

func (d digits) whole() bool { return len(d) == len(plumbing.ZeroHash.String()) }

// only returns the one of the hashes that the digits mean, the zero hash for none.
func (d digits) only(hashes []plumbing.Hash) (plumbing.Hash, error) {
	var found plumbing.Hash
	for _, h := range hashes {
		switch {
		case h == found || !strings.HasPrefix(h.String(), string(d)):
		case !found.IsZero():
			return found, fail(ErrRefNotFound, "%s is the beginning of several commits, %s and %s: give more digits", d, found, h)
		default:
			found = h
		}
	}
	return found, nil
}

// in returns the commit among the objects that the digits mean, the zero hash for none.
func (d digits) in(o *objects) (plumbing.Hash, error) {
	from := o.reader()
	defer from.close()
	found, err := from.beginning(d)
	if err != nil {
		return plumbing.ZeroHash, fail(ErrCorrupt, "objects cannot be listed: %s", reason(err))
	}
	return d.only(slices.DeleteFunc(found, func(h plumbing.Hash) bool {
		_, err := from.commit(h)
		return err != nil
	}))
}

func (d digits) missing(why string) error {
	return fail(ErrRefNotFound, "commit %s not found%s", d, why)
}

func (l *local) past(_ context.Context, d digits) (Snapshot, error) {
	at, err := l.layout()
	if err != nil {
		return Snapshot{}, err
	}
	// Objects of its own: that one is missing which somebody has named casts no doubt on the others.
	o := newObjects(at.commonDir)
	h := plumbing.NewHash(string(d))
	if !d.whole() {
		if h, err = d.in(o); err != nil {
			return Snapshot{}, err
		}
	}
	if h.IsZero() {
		return Snapshot{}, d.missing(": fetch it into the repository, or name another")
	}
	s, err := readSnapshot(o, printable(l.root), found{hash: h})
	if errors.Is(err, ErrCorrupt) {
		err = unknownOf(at, target{commit: h}, err)
	}
	return s, err
}

func (e *edited) past(context.Context, digits) (Snapshot, error) {
	return Snapshot{}, fail(ErrUnsupported, "files on disk are of no commit, and what they were is not kept")
}

func (r *remote) past(ctx context.Context, d digits) (Snapshot, error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	defer end()
	s, err := r.bring(ctx, d)
	return s, r.gaveUp(ctx, err)
}

// bring returns a commit from the copy, or from the server by way of it.
func (r *remote) bring(ctx context.Context, d digits) (Snapshot, error) {
	if err := r.cache.open(); err != nil {
		return Snapshot{}, err
	}
	if r.cache.sound() {
		here, err := d.only(r.cache.current.commits)
		if err != nil {
			return Snapshot{}, err
		}
		if !here.IsZero() {
			r.attach(r.cache.current)
			return readSnapshot(r.cache.current.objects, r.name, found{hash: here})
		}
	}
	h := plumbing.NewHash(string(d))
	if !d.whole() {
		var err error
		if h, err = r.locate(ctx, d); err != nil {
			return Snapshot{}, err
		}
	}
	n, err := r.negotiate(ctx, target{commit: h})
	if err != nil {
		return Snapshot{}, err
	}
	defer n.end()
	return r.update(ctx, n)
}

// locate has the server tell which commit the digits mean.
func (r *remote) locate(ctx context.Context, d digits) (plumbing.Hash, error) {
	n, err := r.negotiate(ctx, r.target)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer n.end()
	if found, err := d.only(advertised{n.advert}.commits()); err != nil || !found.IsZero() {
		return found, err
	}
	if !n.tellsCommits() {
		return plumbing.ZeroHash, d.missing(": no ref leads to it, and the server does not list the commits before: give all 40 digits")
	}
	g, err := r.commits(ctx, n, n.found.hash, maxPast)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	defer g.discard()
	found, err := d.in(g.objects)
	if err == nil && found.IsZero() {
		err = d.missing(" before " + r.target.String() + ": give all 40 digits of one that is elsewhere")
	}
	return found, err
}

// tellsCommits reports whether the server can send commits without their files.
func (n negotiation) tellsCommits() bool {
	return n.advert.Capabilities.Supports(capability.Filter) && n.advert.Capabilities.Supports(capability.Shallow)
}

// commits are those that refs lead to. A tag that is annotated counts as what it stands for.
func (a advertised) commits() []plumbing.Hash {
	var all []plumbing.Hash
	for full, hash := range a.References {
		all = append(all, a.commit(found{full, hash}))
	}
	return all
}
