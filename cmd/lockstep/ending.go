package main

import (
	"context"
	"io"
	"net/http"

	"k8s.io/client-go/transport"
)

// ours marks the contexts that come from the daemon's.
type ours struct{}

// marked returns a context by which [ending] knows a call whose end somebody sees to.
func marked(ctx context.Context) context.Context { return context.WithValue(ctx, ours{}, true) }

// endWith wraps a transport so that calls without a context of ours end with ctx. Client-go's discovery makes such calls:
// on a server that accepts and says nothing, each would hold the daemon up until its timeout.
func endWith(ctx context.Context) transport.WrapperFunc {
	return func(next http.RoundTripper) http.RoundTripper { return &ending{ctx: ctx, next: next} }
}

// ending is a transport whose calls end with a context. One that carries a context of ours, which may outlive the daemon's
// to put a verdict on record, ends when that does.
type ending struct {
	ctx  context.Context
	next http.RoundTripper
}

// RoundTrip makes the call.
func (e *ending) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Context().Value(ours{}) != nil {
		return e.next.RoundTrip(request)
	}
	ctx, cancel := context.WithCancel(request.Context())
	stop := context.AfterFunc(e.ctx, cancel)
	release := func() {
		stop()
		cancel()
	}
	response, err := e.next.RoundTrip(request.WithContext(ctx))
	if err != nil {
		release()
		return nil, err
	}
	response.Body = &body{ReadCloser: response.Body, release: release}
	return response, nil
}

// WrappedRoundTripper lets client-go find the connections to close.
func (e *ending) WrappedRoundTripper() http.RoundTripper { return e.next }

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
