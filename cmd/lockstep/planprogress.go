package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	stdsync "sync"
	"sync/atomic"
	"time"

	"github.com/lockstep-dev/lockstep/cmd/lockstep/live"
)

// planProgress is how far a plan has come.
type planProgress struct {
	apps, requests atomic.Int64
}

// done notes that one more app is planned.
func (p *planProgress) done() { p.apps.Add(1) }

// line says how far the plan of so many apps is.
func (p *planProgress) line(of int) string {
	text := fmt.Sprintf("planning: %d requests", p.requests.Load())
	if of > 1 {
		text = fmt.Sprintf("planning: %d of %d apps, %d requests", p.apps.Load(), of, p.requests.Load())
	}
	return text
}

// show keeps a line about a plan of so many apps on a terminal, which goes when finish is called. Elsewhere it does nothing.
func (p *planProgress) show(ctx context.Context, stderr io.Writer, of int) (finish func()) {
	file, isFile := stdoutFile(stderr)
	if !isFile || !live.IsTerminal(file) {
		return func() {}
	}
	ctx, stop := context.WithCancel(ctx)
	var drawing stdsync.WaitGroup
	drawing.Go(func() {
		tick := time.NewTicker(200 * time.Millisecond)
		defer tick.Stop()
		p.draw(ctx, stderr, of, tick.C)
	})
	return func() {
		stop()
		drawing.Wait()
	}
}

// draw writes the line anew at each tick, and clears it at the end. What cannot be drawn is no reason to end a plan.
func (p *planProgress) draw(ctx context.Context, out io.Writer, of int, ticks <-chan time.Time) {
	drawn := false
	for {
		select {
		case <-ctx.Done():
			if drawn {
				_, _ = fmt.Fprint(out, "\r\x1b[K")
			}
			return
		case <-ticks:
			_, _ = fmt.Fprint(out, "\r"+p.line(of)+"\x1b[K")
			drawn = true
		}
	}
}

// counting counts the calls that go through it.
type counting struct {
	next  http.RoundTripper
	calls *atomic.Int64
}

// RoundTrip makes the call.
func (c counting) RoundTrip(request *http.Request) (*http.Response, error) {
	c.calls.Add(1)
	return c.next.RoundTrip(request)
}

// WrappedRoundTripper lets client-go find the connections to close.
func (c counting) WrappedRoundTripper() http.RoundTripper { return c.next }
