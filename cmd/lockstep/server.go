package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"go.uber.org/zap"
)

// goodbye is how long requests that are under way may take when the daemon ends.
const goodbye = 3 * time.Second

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
	d.log.Info("status API", zap.String("address", "http://"+listener.Addr().String()))
	return &server{listener: listener, http: &http.Server{
		Handler:           d.handler(),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       10 * time.Second,
		IdleTimeout:       time.Minute,
		MaxHeaderBytes:    16 << 10,
	}}, nil
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
