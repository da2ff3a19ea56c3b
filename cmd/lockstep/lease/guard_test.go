package lease

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"k8s.io/client-go/rest"
)

// protected is a server behind a guard.
type protected struct {
	guard  *Guard
	client *http.Client
	url    string
	calls  atomic.Int32 // that came to the server
}

func protect(t *testing.T, serve http.HandlerFunc) *protected {
	t.Helper()
	p := &protected{guard: NewGuard()}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.calls.Add(1)
		serve(w, r)
	}))
	t.Cleanup(server.Close)
	config := &rest.Config{Host: server.URL}
	p.guard.Protect(config)
	c, err := rest.HTTPClientFor(config)
	if err != nil {
		t.Fatal(err)
	}
	p.client, p.url = c, server.URL
	return p
}

func fine(http.ResponseWriter, *http.Request) {}

// term is one that lasts for d.
func (p *protected) term(t *testing.T, d time.Duration) *Term {
	t.Helper()
	term, err := p.guard.begin(t.Context(), "lease")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(term.end)
	term.extend(time.Now(), d)
	return term
}

func (p *protected) call(ctx context.Context, method, path string, body io.Reader) error {
	request, err := http.NewRequestWithContext(ctx, method, p.url+path, body)
	if err != nil {
		return err
	}
	answer, err := p.client.Do(request)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, answer.Body)
	return errors.Join(err, answer.Body.Close())
}

func TestWithoutALeaseOneMayReadAndNotWrite(t *testing.T) {
	p := protect(t, fine)
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		if err := p.call(t.Context(), method, "/api/v1/pods", nil); err != nil {
			t.Errorf("%s: %v", method, err)
		}
	}
	if err := p.call(t.Context(), http.MethodPost, "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", strings.NewReader("{}")); err != nil {
		t.Errorf("to ask what one may: %v", err)
	}
	read := p.calls.Load()
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		if err := p.call(t.Context(), method, "/api/v1/pods", strings.NewReader("{}")); !errors.Is(err, ErrOver) {
			t.Errorf("%s: %v, want that the lease has ended", method, err)
		}
	}
	if got := p.calls.Load(); got != read {
		t.Errorf("%d writes came to the server", got-read)
	}
}

func TestAWriteNeedsTheTermThatItIsOf(t *testing.T) {
	p := protect(t, fine)
	mine, other := p.term(t, time.Hour), p.term(t, time.Hour)
	if err := p.call(mine.ctx, http.MethodPut, "/", strings.NewReader("{}")); err != nil {
		t.Errorf("within the term: %v", err)
	}
	detached := context.WithoutCancel(mine.ctx)
	mine.end()
	if err := p.call(detached, http.MethodPut, "/", strings.NewReader("{}")); !errors.Is(err, ErrOver) {
		t.Errorf("after the term, while another lease is held: %v", err)
	}
	if err := p.call(t.Context(), http.MethodPost, "/events", strings.NewReader("{}")); err != nil {
		t.Errorf("of no term, while a lease is held: %v", err)
	}
	if held := p.guard.Held(); len(held) != 1 {
		t.Errorf("held: %v", held)
	}
	other.end()
	if err := p.call(t.Context(), http.MethodPost, "/events", strings.NewReader("{}")); !errors.Is(err, ErrOver) {
		t.Errorf("of no term, while no lease is held: %v", err)
	}
}

// asleep makes a term one that has run out while the process was frozen: its timer has not come to that yet.
func asleep(term *Term) {
	term.mu.Lock()
	defer term.mu.Unlock()
	term.timer.Stop()
	term.until, term.wall = time.Now().Add(-time.Millisecond), time.Now().Add(time.Hour).Round(0)
}

// suspended is the same of a machine that slept, whose monotonic clock stood still.
func suspended(term *Term) {
	asleep(term)
	term.mu.Lock()
	defer term.mu.Unlock()
	term.until, term.wall = time.Now().Add(time.Hour), time.Now().Add(-time.Millisecond).Round(0)
}

func TestWhatWasFrozenSendsNothingWhenItWakesUp(t *testing.T) {
	for name, sleep := range map[string]func(*Term){"frozen": asleep, "suspended": suspended} {
		t.Run(name, func(t *testing.T) {
			p := protect(t, fine)
			term := p.term(t, time.Hour)
			if err := p.call(term.ctx, http.MethodPut, "/", strings.NewReader("{}")); err != nil {
				t.Fatal(err)
			}
			sleep(term)
			if err := p.call(term.ctx, http.MethodPut, "/", strings.NewReader("{}")); !errors.Is(err, ErrOver) {
				t.Errorf("got %v", err)
			}
			if !errors.Is(context.Cause(term.ctx), ErrOver) {
				t.Error("who is told so takes it for a failure: its context has not ended")
			}
			if got := p.calls.Load(); got != 1 {
				t.Errorf("%d calls came to the server, want the one before", got)
			}
		})
	}
}

func TestTheRestOfARequestIsNotSentAfterTheTerm(t *testing.T) {
	var whole atomic.Bool
	ended := make(chan struct{})
	p := protect(t, func(_ http.ResponseWriter, r *http.Request) {
		defer close(ended)
		_, err := io.Copy(io.Discard, r.Body)
		whole.Store(err == nil)
	})
	term := p.term(t, time.Hour)
	body, more := io.Pipe()
	done := make(chan error, 1)
	go func() { done <- p.call(term.ctx, http.MethodPut, "/", body) }()
	if _, err := more.Write([]byte("{")); err != nil { // the request is under way
		t.Fatal(err)
	}
	asleep(term)
	_, _ = more.Write([]byte("}"))
	_ = more.Close()
	if err := <-done; err == nil {
		t.Error("the call has succeeded")
	} else if !errors.Is(context.Cause(term.ctx), ErrOver) {
		t.Errorf("%v, and the context has not ended", err)
	}
	if p.calls.Load() > 0 {
		<-ended
	}
	if whole.Load() {
		t.Error("the server has the whole request")
	}
}

func TestWhatAServerHasNotTakenYetIsNotSentAfterTheTerm(t *testing.T) {
	const size = 64 << 20 // more than the system takes for a server that does not read
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	client, err := net.Dial("tcp", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server, err := listener.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	term := protect(t, fine).term(t, time.Hour)
	ended := make(chan error, 1)
	go func() {
		_, err := (&conn{Conn: client, term: term}).Write(make([]byte, size))
		ended <- err
	}()
	if _, err := io.ReadFull(server, make([]byte, 1)); err != nil { // it is under way
		t.Fatal(err)
	}
	asleep(term)
	if n, err := io.CopyN(io.Discard, server, size-1); err == nil {
		t.Errorf("the server was sent the rest after the term, %d bytes", n)
	}
	if err := <-ended; !errors.Is(err, ErrOver) {
		t.Errorf("the write ended with %v", err)
	}
}

func TestARequestIsNotWaitedForLongerThanTheTerm(t *testing.T) {
	entered := make(chan struct{})
	p := protect(t, func(_ http.ResponseWriter, r *http.Request) {
		close(entered)
		<-r.Context().Done()
	})
	term := p.term(t, time.Hour)
	done := make(chan error, 1)
	go func() { done <- p.call(context.WithoutCancel(term.ctx), http.MethodDelete, "/", nil) }()
	<-entered
	term.end()
	if err := <-done; !errors.Is(err, ErrOver) {
		t.Errorf("got %v", err)
	}
}

func TestATermEndsWhenItIsNotExtendedAndNotBefore(t *testing.T) {
	p := protect(t, fine)
	term := p.term(t, time.Millisecond)
	<-term.ctx.Done()
	if !errors.Is(context.Cause(term.ctx), ErrOver) {
		t.Errorf("it ended by %v", context.Cause(term.ctx))
	}
	term.extend(time.Now(), time.Hour) // too late
	if term.holds() {
		t.Error("a term that is over has begun again")
	}
	late := p.term(t, time.Hour)
	late.extend(time.Now().Add(-2*time.Hour), time.Hour) // a renewal that took longer than it lasts
	if late.holds() {
		t.Error("a term lasts that was over when it was extended")
	}
}
