package sync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/git"
)

// Past is a [Source] that hands out other commits than the newest as well.
type Past interface {
	// At returns the commit of a hash, or of the digits that it begins with. See [git.Repository.At], which does.
	At(ctx context.Context, hash string) (git.Snapshot, error)
}

// errNoPast is the error of a source that has nothing but the newest commit.
var errNoPast = errors.New("no other commit than the newest is to be had")

// At has the source look for a commit. It takes no turn of Run's: the source itself sees to it that one talks at a time.
func (f *Feed) At(ctx context.Context, hash string) (git.Snapshot, error) {
	past, ok := f.source.(Past)
	if !ok {
		return git.Snapshot{}, errNoPast
	}
	return past.At(ctx, hash)
}

// past returns the state of a commit that is not kept, as its files are rendered now. The app's turn is given up meanwhile,
// as a server may take its time.
func (p *pass) past(ctx context.Context, to string) (*inventory.State, error) {
	source, ok := p.Source.(Past)
	if !ok {
		return nil, errNoPast
	}
	p.turn.give()
	snapshot, err := source.At(ctx, cmp.Or(p.onceHere(hashIn(to)).Hash, hashIn(to)))
	if err := p.turn.take(ctx); err != nil {
		return nil, err
	}
	if err != nil {
		return nil, err
	}
	manifests, _, err := p.render(ctx, snapshot)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", snapshot.Revision, err)
	}
	return p.stateOf(snapshot.Revision, manifests)
}

// stateOf packs the manifests of a commit.
func (p *pass) stateOf(at git.Revision, manifests []manifest.Manifest) (*inventory.State, error) {
	sorted := slices.SortedFunc(slices.Values(manifests), func(a, b manifest.Manifest) int { return object.Compare(a.ID, b.ID) })
	items := make([]inventory.Item, len(sorted))
	for i, m := range sorted {
		items[i] = inventory.Item{File: m.File, Line: m.Line, Object: m.Object}
	}
	packed, err := inventory.Pack(items)
	if err != nil {
		return nil, fmt.Errorf("pack the state of %s: %w", at, err)
	}
	if known := p.onceHere(at.Hash); !known.IsZero() {
		at = known
	}
	return &inventory.State{Revision: full(at), At: p.began.UTC(), Content: contentOf(p.App, manifests), Objects: len(items), Packed: packed}, nil
}

// onceHere returns the one revision on record that the digits mean, with the ref that it was live by; the zero Revision for
// none, or several.
func (p *pass) onceHere(digits string) git.Revision {
	var found git.Revision
	texts := []string{}
	for _, r := range p.record.History {
		texts = append(texts, r.Revision)
	}
	for _, r := range p.record.Rejected {
		texts = append(texts, r.Revision)
	}
	for _, text := range texts {
		at, err := git.ParseRevision(text)
		if err != nil || digits == "" || !strings.HasPrefix(at.Hash, digits) {
			continue
		}
		if !found.IsZero() && found.Hash != at.Hash {
			return git.Revision{}
		}
		found = at
	}
	return found
}

// hashIn returns the digits of the hash in a revision as people write it: main@sha1:3f2a1c9, sha1:3f2a1c9 or 3f2a1c9.
func hashIn(revision string) string {
	if at := strings.LastIndex(revision, "sha1:"); at >= 0 {
		revision = revision[at+len("sha1:"):]
	}
	return strings.ToLower(revision)
}
