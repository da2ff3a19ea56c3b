package git

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
)

// maxFills is how often something is fetched into a copy beside the folders that were expected, until it is easier to have all.
const maxFills = 8

// errNotHere ends a read that waits for no network.
var errNotHere = fail(ErrUnavailable, "not fetched yet")

// reader is one of objects that are fetched first where the copy lacks them.
func (s Snapshot) reader() *reader {
	r := s.objects.reader()
	if fill := s.objects.fill; fill != nil {
		ctx := cmp.Or(s.until, context.Background())
		r.fill = func(w wants) error { return fill(ctx, w) }
	}
	return r
}

// Until returns the same commit for one who reads it as long as ctx lasts: what would be fetched for it then ends with ctx.
func (s Snapshot) Until(ctx context.Context) Snapshot {
	s.until = ctx
	return s
}

// localReader is one that fetches nothing, and takes what the copy lacks for no damage.
func (s Snapshot) localReader() *reader {
	r := s.objects.reader()
	if s.objects.fill != nil {
		r.fill = func(wants) error { return errNotHere }
	}
	return r
}

// whole has all that is below a folder fetched at once, before it is read bit by bit.
func (r *reader) whole(folder plumbing.Hash) error {
	if r.fill == nil {
		return nil
	}
	s := newSurvey(r, r.complete)
	if err := s.below(folder, 0); err != nil {
		return nil //nolint:nilerr // who reads it says what is wrong with it, and where
	}
	if s.wants.none() {
		r.complete = s.walked
		maps.Copy(r.complete, s.complete)
		return nil
	}
	err := r.fill(s.wants)
	r.close() // to look anew for what there is
	return err
}

// beside has the folder of a file fetched with it, whose other files are likely to be read as well.
func (t *trees) beside(file entry) error {
	folder := path.Dir(file.name)
	if t.reader.fill == nil || folder == "." {
		return nil
	}
	if here, err := t.reader.has(file.hash); here || err != nil {
		return nil //nolint:nilerr // who reads it says what is wrong with it
	}
	at, _, err := t.find(folder)
	if err != nil {
		return err
	}
	return t.reader.whole(at.hash)
}

// attach has those who read from a copy of parts fetch what is not in it.
func (r *remote) attach(g *generation) {
	if g.partial && g.objects.fill == nil {
		g.objects.fill = func(ctx context.Context, w wants) error { return r.fill(ctx, g, w) }
	}
}

// fill fetches objects into a copy. Once that was in vain nobody waits for it again, until the server has answered a fetch.
func (r *remote) fill(ctx context.Context, g *generation, w wants) error {
	given := ctx
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return err
	}
	defer end()
	w, err = g.without(w) // what others have fetched meanwhile
	switch {
	case err != nil || w.none() || !g.partial:
		return err
	case g.lost != nil:
		return g.lost
	case r.cache.lock == nil:
		return errNotHere // closed: the folder may be another's by now
	}
	err = r.gaveUp(ctx, r.fillWith(ctx, g, w))
	if given.Err() != nil {
		return err // says nothing about the server
	}
	if g.lost = err; err != nil && !final(err) {
		r.whole = true
		g.objects.broken.Store(true) // the next fetch makes a copy of all
	}
	return err
}

// fillWith fetches them, or all of the newest commit where there is no end to it.
func (r *remote) fillWith(ctx context.Context, g *generation, w wants) error {
	if g.fills++; g.fills <= maxFills && w.asked() <= maxWants {
		return r.gather(ctx, g, w)
	}
	from := g.objects.reader()
	commit, err := from.commit(g.commits[len(g.commits)-1])
	from.close()
	if err != nil {
		return fail(ErrCorrupt, "newest commit cannot be read: %s", reason(err))
	}
	if err := r.gather(ctx, g, wants{whole: []plumbing.Hash{commit.TreeHash}}); err != nil {
		return err
	}
	if err := os.Remove(filepath.Join(g.dir, partialName)); err != nil {
		return cacheError(err)
	}
	r.whole, g.partial = true, false
	return nil
}

// without leaves out of w what is here.
func (g *generation) without(w wants) (wants, error) {
	from := g.objects.reader()
	defer from.close()
	var failed error
	here := func(h plumbing.Hash) bool {
		found, err := from.has(h)
		if err != nil {
			failed = fail(ErrCorrupt, "objects cannot be listed: %s", reason(err))
		}
		return found
	}
	w.above, w.whole = slices.DeleteFunc(slices.Clone(w.above), here), slices.DeleteFunc(slices.Clone(w.whole), here)
	return w, failed
}
