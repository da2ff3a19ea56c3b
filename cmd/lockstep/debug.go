package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

// checkLoopback wants an address that only this machine reaches: profiles show what is in memory.
func checkLoopback(flag, address string) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("%s: %w", flag, err)
	}
	if !isLoopback(host) {
		return fmt.Errorf("%s %s: want a loopback address, as 127.0.0.1:6060", flag, address)
	}
	return nil
}

// listenLoopback opens such an address.
func listenLoopback(flag, address string) (net.Listener, error) {
	if err := checkLoopback(flag, address); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return listener, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// debugServer serves profiles, and the level of the log, for whoever is on this machine.
func debugServer(listener net.Listener, level zap.AtomicLevel) *server {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	mux.Handle("GET /debug/level", level)
	mux.Handle("PUT /debug/level", level)
	return &server{listener: listener, http: &http.Server{
		Handler: onlyHere(mux), ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}}
}

// onlyHere refuses requests for another host's name: a page in a browser could make one lead here.
func onlyHere(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = strings.Trim(r.Host, "[]")
		}
		if !isLoopback(host) {
			http.Error(w, "want a loopback host", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, 1<<10)
		next.ServeHTTP(w, r)
	})
}

// debug serves at the address of --pprof, and sends traces, until ctx ends; nothing of what nobody asked for.
func (s *signals) debug(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	if s.pprof != nil {
		group.Go(func() error { return debugServer(s.pprof, s.level).run(ctx) })
	}
	if s.traces != nil {
		group.Go(func() error { return s.traces.Run(ctx) })
	}
	return group.Wait()
}

// open opens the address of --pprof, so that one that is refused or taken is an error at the start.
func (s *signals) open(address string, level zap.AtomicLevel) error {
	if address == "" {
		return nil
	}
	listener, err := listenLoopback("--pprof", address)
	s.pprof, s.level = listener, level
	return err
}

// checkOutlook says what is wrong with --pprof and the flags of traces before anything is asked of a cluster.
func (f *runFlags) checkOutlook() error {
	if f.pprof != "" {
		if err := checkLoopback("--pprof", f.pprof); err != nil {
			return err
		}
	}
	return f.traces.check()
}
