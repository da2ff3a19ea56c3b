package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/sync"
)

// goodbye is how long requests that are under way may take when the daemon ends.
const goodbye = 3 * time.Second

// stuckAfter is how long one piece of work may take before the daemon says that it is stuck.
const stuckAfter = 15 * time.Minute

// server is the status API on its own listener.
type server struct {
	listener net.Listener
	http     *http.Server
}

// serve opens the listener, so that an address that is taken is an error at the start. An empty address serves nothing.
func (d *daemon) serve(listen string) (*server, error) {
	if listen == "" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", listen)
	if err != nil {
		return nil, fmt.Errorf("--listen: %w", err)
	}
	d.store.SetHistory(d.historyOf)
	d.store.SetAlive(func() error { return d.alive(stuckAfter) })
	d.log.Info("status API", zap.String("address", "http://"+listener.Addr().String()))
	return &server{listener: listener, http: &http.Server{
		Handler:           d.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}}, nil
}

// alive is an error when a worker, or the fleet itself, has been at the same thing for longer than any of it takes, also when the
// API server is slow: each call has its own time limit, and its end is a sign. A git host or an API server that is away is none.
func (d *daemon) alive(limit time.Duration) error {
	if longest := d.pulse.Longest(); longest > limit {
		return fmt.Errorf("a worker has been at the same step for %s", longest.Round(time.Second))
	}
	return nil
}

// beating wraps a transport so that the end of each call is a sign of whoever made it.
func beating(next http.RoundTripper) http.RoundTripper { return signing{next} }

type signing struct{ next http.RoundTripper }

// RoundTrip makes the call.
func (s signing) RoundTrip(request *http.Request) (*http.Response, error) {
	defer sync.Beat(request.Context())
	return s.next.RoundTrip(request)
}

// WrappedRoundTripper lets client-go find the connections to close.
func (s signing) WrappedRoundTripper() http.RoundTripper { return s.next }

// address is where other replicas reach it.
func (s *server) address() netip.AddrPort {
	if s == nil {
		return netip.AddrPort{}
	}
	return reachable(s.listener)
}

// where says the server's address, for the end of a line.
func (s *server) where() string {
	if s == nil {
		return ""
	}
	return "; status at http://" + s.listener.Addr().String()
}

// run serves until ctx ends.
func (s *server) run(ctx context.Context) error {
	if s == nil {
		return nil
	}
	served := make(chan error, 1)
	go func() { served <- s.http.Serve(s.listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), goodbye)
	defer cancel()
	err := s.http.Shutdown(leaving)
	if errors.Is(err, context.DeadlineExceeded) {
		err = s.http.Close()
	}
	return errors.Join(err, ended(<-served))
}

// ended is what Serve returned, unless it says that somebody closed it.
func ended(err error) error {
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}
