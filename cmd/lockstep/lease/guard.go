package lease

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"strings"
	stdsync "sync"
	"time"

	utilnet "k8s.io/apimachinery/pkg/util/net"
	"k8s.io/client-go/rest"
)

// Guard lets the clients of a cluster write only as long as a lease is held. What reads passes at any time.
//
// A write belongs to the term that its context is of; one of no term, such as of an Event, needs any. It travels on a
// connection of that term alone, which asks the clocks each time before it hands bytes to the system: a process that is
// frozen between the two and woken later sends nothing more, not even the rest of a request. What the system has taken before
// is sent whatever becomes of the process; it is not waited for longer than the term lasts.
type Guard struct {
	config *rest.Config

	mu    stdsync.Mutex
	terms map[*Term]bool // those that are not known to be over
}

// NewGuard returns a Guard of no term.
func NewGuard() *Guard { return &Guard{terms: map[*Term]bool{}} }

// Protect has all clients that are made of config from then on ask the guard.
func (g *Guard) Protect(config *rest.Config) {
	g.config = rest.CopyConfig(config)
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &guarded{guard: g, next: next} })
}

// Unprotected is the config without the guard, for what takes the leases.
func (g *Guard) Unprotected() *rest.Config { return rest.CopyConfig(g.config) }

// begin returns a term that the guard counts with, until it is forgotten.
func (g *Guard) begin(ctx context.Context, name string) (*Term, error) {
	t, err := newTerm(ctx, name, g.transport)
	if err != nil {
		return nil, fmt.Errorf("connect to write: %w", err)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.terms[t] = true
	return t, nil
}

func (g *Guard) forget(t *Term) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.terms, t)
}

// Held are the names of the leases that are held now.
func (g *Guard) Held() []string {
	g.mu.Lock()
	defer g.mu.Unlock()
	var names []string
	for t := range g.terms {
		if t.holds() {
			names = append(names, t.name)
		}
	}
	return names
}

// term is the term by which a request may write, nil if there is none.
func (g *Guard) term(ctx context.Context) *Term {
	if t := termOf(ctx); t != nil {
		return t
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	for t := range maps.Keys(g.terms) {
		if t.holds() {
			return t
		}
	}
	return nil
}

// transport makes the connections of a term. Who is calling is in the requests already when they come to it.
func (g *Guard) transport(t *Term) (*http.Transport, error) {
	tls, err := rest.TLSConfigFor(g.config)
	if err != nil {
		return nil, err
	}
	dial := g.config.Dial
	if dial == nil {
		dial = (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext
	}
	return utilnet.SetTransportDefaults(&http.Transport{
		TLSClientConfig: tls, TLSHandshakeTimeout: 10 * time.Second, Proxy: g.config.Proxy, MaxIdleConnsPerHost: 25,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			c, err := dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &conn{Conn: c, term: t}, nil
		},
	}), nil
}

// conn is a connection that carries nothing once its term is over.
type conn struct {
	net.Conn
	term *Term
}

// Write asks the clocks at the last moment before each system call: a server that reads slowly makes several of one Write, with
// any time between them.
func (c *conn) Write(p []byte) (int, error) {
	n, err := send(c.Conn, p, c.term.holds)
	if errors.Is(err, ErrOver) {
		_ = c.Close()
	}
	return n, err
}

// guarded is the transport of a client that a guard protects.
type guarded struct {
	guard *Guard
	next  http.RoundTripper
}

// RoundTrip makes the call, if it may be made.
func (g *guarded) RoundTrip(request *http.Request) (*http.Response, error) {
	if !writes(request) {
		return g.next.RoundTrip(request)
	}
	term := g.guard.term(request.Context())
	if term == nil || !term.holds() {
		term.lapsed()
		if request.Body != nil {
			_ = request.Body.Close()
		}
		return nil, ErrOver
	}
	return term.send(request)
}

// WrappedRoundTripper lets client-go find the connections to close.
func (g *guarded) WrappedRoundTripper() http.RoundTripper { return g.next }

// writes reports whether a request may change something. A review asks what one may do, and changes nothing.
func writes(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions:
		return false
	}
	return !strings.Contains(r.URL.Path, "/apis/authorization.k8s.io/") && !strings.Contains(r.URL.Path, "/apis/authentication.k8s.io/")
}

// send makes a call that ends with the term at the latest.
func (t *Term) send(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancelCause(request.Context())
	stop := context.AfterFunc(t.ctx, func() { cancel(ErrOver) })
	release := func() {
		stop()
		cancel(nil)
	}
	response, err := t.writes.RoundTrip(request.WithContext(ctx))
	if err != nil {
		if t.lapsed() {
			err = ErrOver
		}
		release()
		return nil, err
	}
	response.Body = &body{ReadCloser: response.Body, release: release}
	return response, nil
}

// body is an answer that is being read; its call is over when it is closed.
type body struct {
	io.ReadCloser
	release func()
}

// Close ends the call.
func (b *body) Close() error {
	defer b.release()
	return b.ReadCloser.Close()
}
