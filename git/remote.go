package git

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// remote reads a ref of a repository on a server, by way of a cache folder.
type remote struct {
	name    string
	target  target
	timeout time.Duration
	server  connector

	turn  chan struct{} // holds a value while a fetch runs; a lock that a context can give up
	cache *cacheFolder
	last  Snapshot

	expected atomic.Pointer[[]string] // the folders that are read, none for all
	whole    bool                     // copies are of all: the server's parts were not to be had, or too many
}

func newRemote(at address, o Options, t target) (*remote, error) {
	if o.Dir == "" {
		return nil, fail(ErrURL, "no folder is given for the local copy of the remote")
	}
	server, err := newConnector(at, o)
	if err != nil {
		return nil, err
	}
	return &remote{
		name:    at.String(),
		target:  t,
		timeout: o.Timeout,
		server:  server,
		turn:    make(chan struct{}, 1),
		cache:   newCacheFolder(o.Dir, at.String(), o.Space),
	}, nil
}

func (r *remote) fetch(ctx context.Context) (Snapshot, error) {
	ctx, end, err := r.begin(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	defer end()
	if s := r.last; !r.target.commit.IsZero() && !s.Revision.IsZero() && r.cache.sound() {
		return s, nil // a commit does not move
	}
	s, err := r.ask(ctx)
	return s, r.gaveUp(ctx, err)
}

// begin waits for the turn to talk to the server, and bounds how long that takes.
func (r *remote) begin(ctx context.Context) (_ context.Context, end func(), err error) {
	select {
	case r.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errTimeout)
	return ctx, func() {
		cancel()
		<-r.turn
	}, nil
}

// gaveUp lets go of the server where it was time that ended the talk with it.
func (r *remote) gaveUp(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		r.server.close() // also what is being dialled still, and a connection that may be dead
	}
	return err
}

// ask says where the branch is, and fetches that when it is not here.
func (r *remote) ask(ctx context.Context) (Snapshot, error) {
	n, err := r.negotiate(ctx, r.target)
	if err != nil {
		return Snapshot{}, err
	}
	defer n.end()
	if err := r.cache.open(); err != nil {
		return Snapshot{}, err
	}
	if r.cache.current != nil {
		r.cache.current.lost = nil
	}
	if s := r.last; s.at == n.found && !s.Revision.IsZero() && r.cache.sound() {
		return s, nil
	}
	s, err := r.update(ctx, n)
	if err == nil {
		s.Rewritten = r.rewrites(ctx, s)
		r.last = s
	}
	return s, err
}

// update brings the commit that was negotiated into the cache. It asks for what is missing first; whenever there is doubt
// about the local copy or the server's way of sending parts, it makes a new copy, once.
func (r *remote) update(ctx context.Context, n negotiation) (Snapshot, error) {
	g := r.cache.current
	switch {
	case !r.cache.sound():
		s, err := r.clone(ctx, n)
		if errors.Is(err, ErrCache) && r.cache.clear() {
			return r.again(ctx, n, r.clone) // there is no space for a good copy beside the damaged one
		}
		return s, err
	case g.full() && !g.has(n):
		s, err := r.clone(ctx, n)
		if !errors.Is(err, ErrCache) {
			return s, err
		}
		g.cramped = g.packs + maxPacks
		return r.again(ctx, n, r.increment) // there is no space for two copies, but maybe for what is new
	}
	s, err := r.increment(ctx, n)
	if err == nil || final(err) {
		return s, err
	}
	return r.again(ctx, n, r.clone)
}

// again begins another talk with the server about the same target, as one is good for one answer.
func (r *remote) again(ctx context.Context, n negotiation, bring func(context.Context, negotiation) (Snapshot, error)) (Snapshot, error) {
	n.end()
	n, err := r.negotiate(ctx, n.target)
	if err != nil {
		return Snapshot{}, err
	}
	defer n.end()
	return bring(ctx, n)
}

// final says that a new copy would fare no better. What is too large as a difference may not be as a whole.
func final(err error) bool {
	return !errors.Is(err, errProtocol) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge)
}

func (r *remote) increment(ctx context.Context, n negotiation) (Snapshot, error) {
	g := r.cache.current
	if !g.has(n) {
		if err := g.receive(ctx, n); err != nil {
			if !errors.Is(err, ErrCache) { // which is not the server's doing
				g.failures++
			}
			return Snapshot{}, err
		}
	}
	if g.partial {
		if err := r.fillIn(ctx, g, advertised{n.advert}.commit(n.found), r.parts()); err != nil {
			return Snapshot{}, err
		}
	}
	return r.read(g, n)
}

// clone makes a new copy: of parts where those are known and the server can send them, or else of all.
func (r *remote) clone(ctx context.Context, n negotiation) (Snapshot, error) {
	if folders := r.parts(); len(folders) > 0 && n.sendsParts() && n.allowed() == nil {
		g, err := r.cloneParts(ctx, n, folders)
		if err == nil {
			return r.adopt(g, n)
		}
		if final(err) {
			return Snapshot{}, err
		}
		r.whole = true
		if n, err = r.negotiate(ctx, n.target); err != nil {
			return Snapshot{}, err
		}
		defer n.end()
	}
	g, err := r.cache.begin()
	if err != nil {
		return Snapshot{}, err
	}
	if err := g.receive(ctx, n); err != nil {
		g.discard()
		return Snapshot{}, err
	}
	return r.adopt(g, n)
}

// adopt makes a new copy the current one, when it can be read.
func (r *remote) adopt(g *generation, n negotiation) (Snapshot, error) {
	defer g.discard() // does nothing once it is the current one
	if _, err := r.read(g, n); err != nil {
		return Snapshot{}, err
	}
	if err := r.cache.commit(g); err != nil {
		return Snapshot{}, err
	}
	return r.read(r.cache.current, n)
}

func (r *remote) read(g *generation, n negotiation) (Snapshot, error) {
	r.attach(g)
	return readSnapshot(g.objects, r.name, n.found)
}

// negotiation is a conversation with the server that has told where a target is.
type negotiation struct {
	session transport.UploadPackSession
	advert  *packp.AdvRefs
	target  target
	found   found // of the target
}

// end lets go of the connection.
func (n negotiation) end() { _ = n.session.Close() }

func (r *remote) negotiate(ctx context.Context, t target) (negotiation, error) {
	session, err := r.server.connect(ctx)
	if err != nil {
		return negotiation{}, netError(ctx, err)
	}
	n := negotiation{session: session, target: t}
	if n.advert, err = session.AdvertisedReferencesContext(ctx); err != nil {
		n.end()
		if line, ok := errors.AsType[*pktline.ErrorLine](unwrap(err)); ok {
			return negotiation{}, saidNo(line.Text)
		}
		return negotiation{}, netError(ctx, err)
	}
	if n.found, err = t.find(advertised{n.advert}, !r.last.Revision.IsZero()); err != nil {
		n.end()
		return negotiation{}, err
	}
	return n, nil
}

func (r *remote) watch() []string { return nil }

func (r *remote) close() error {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.server.close()
	return r.cache.close()
}
