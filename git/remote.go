package git

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// remote reads a ref of a repository on a server, by way of a cache folder.
type remote struct {
	name     string
	target   target
	timeout  time.Duration
	endpoint transport.Endpoint
	http     *http.Transport
	client   transport.Transport

	turn  chan struct{} // holds a value while a fetch runs; a lock that a context can give up
	cache *cacheFolder
	last  Snapshot
}

func newRemote(at *url.URL, o Options, t target) (*remote, error) {
	if o.Dir == "" {
		return nil, fail(ErrURL, "no folder is given for the local copy of the remote")
	}
	r := &remote{
		name:    at.String(),
		target:  t,
		timeout: o.Timeout,
		// By hand, since go-git's own parser undoes the escapes of the path and sends it so.
		endpoint: transport.Endpoint{Protocol: at.Scheme, Host: at.Hostname(), Path: at.EscapedPath()},
		http:     http.DefaultTransport.(*http.Transport).Clone(),
		turn:     make(chan struct{}, 1),
		cache:    newCacheFolder(o.Dir, at.String()),
	}
	if strings.Contains(r.endpoint.Host, ":") {
		r.endpoint.Host = "[" + r.endpoint.Host + "]"
	}
	var err error
	if r.endpoint.Port, err = portOf(at); err != nil {
		return nil, err
	}
	r.client = githttp.NewClient(&http.Client{Transport: guard{r.http}})
	return r, nil
}

func (r *remote) fetch(ctx context.Context) (Snapshot, error) {
	select {
	case r.turn <- struct{}{}:
		defer func() { <-r.turn }()
	case <-ctx.Done():
		return Snapshot{}, context.Cause(ctx)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, r.timeout, errTimeout)
	defer cancel()
	if s := r.last; !r.target.commit.IsZero() && !s.Revision.IsZero() && r.cache.sound() {
		return s, nil // a commit does not move
	}
	n, err := r.negotiate(ctx)
	if err != nil {
		return Snapshot{}, err
	}
	if err := r.cache.open(); err != nil {
		return Snapshot{}, err
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

// update brings the head that was negotiated into the cache. It asks for what is missing first; whenever there is doubt
// about the local copy or the server's way of sending parts, it makes a new copy, once.
func (r *remote) update(ctx context.Context, n negotiation) (Snapshot, error) {
	g := r.cache.current
	if !r.cache.sound() || g.full() && !g.has(n) {
		return r.clone(ctx, n)
	}
	s, err := r.increment(ctx, g, n)
	if err == nil || final(err) {
		return s, err
	}
	if n, err = r.negotiate(ctx); err != nil {
		return Snapshot{}, err
	}
	return r.clone(ctx, n)
}

// final says that a new copy would fare no better. What is too large as a difference may not be as a whole.
func final(err error) bool {
	return !errors.Is(err, errProtocol) && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge)
}

func (r *remote) increment(ctx context.Context, g *generation, n negotiation) (Snapshot, error) {
	if !g.has(n) {
		if err := g.receive(ctx, n); err != nil {
			g.failures++
			return Snapshot{}, err
		}
	}
	return r.read(g, n)
}

func (r *remote) clone(ctx context.Context, n negotiation) (Snapshot, error) {
	g, err := r.cache.begin()
	if err != nil {
		return Snapshot{}, err
	}
	defer g.discard() // does nothing once it is the current one
	if err := g.receive(ctx, n); err != nil {
		return Snapshot{}, err
	}
	if _, err := r.read(g, n); err != nil {
		return Snapshot{}, err
	}
	if err := r.cache.commit(g); err != nil {
		return Snapshot{}, err
	}
	return r.read(r.cache.current, n)
}

func (r *remote) read(g *generation, n negotiation) (Snapshot, error) {
	return readSnapshot(g.objects, r.name, n.found)
}

// negotiation is a conversation with the server that has told where the ref is.
type negotiation struct {
	session transport.UploadPackSession
	advert  *packp.AdvRefs
	found   found
}

func (r *remote) negotiate(ctx context.Context) (negotiation, error) {
	endpoint := r.endpoint // a session changes it when it is redirected
	session, err := r.client.NewUploadPackSession(&endpoint, nil)
	if err != nil {
		return negotiation{}, netError(ctx, err)
	}
	advert, err := session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return negotiation{}, netError(ctx, err)
	}
	f, err := r.target.find(advertised{advert}, !r.last.Revision.IsZero())
	return negotiation{session: session, advert: advert, found: f}, err
}

func (r *remote) watch() []string { return nil }

func (r *remote) close() error {
	r.turn <- struct{}{}
	defer func() { <-r.turn }()
	r.http.CloseIdleConnections()
	return r.cache.close()
}
