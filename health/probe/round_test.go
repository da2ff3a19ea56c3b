package probe_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/health/probe"
)

// service is a Service on loopback: it hands each request to the next of its pods.
type service struct {
	t     *testing.T
	probe probe.Target
	pods  []http.Handler
	skip  map[int]bool // pods that it does not route to
	turn  atomic.Int64
}

func newService(t *testing.T, pods ...http.Handler) *service {
	t.Helper()
	s := &service{t: t, pods: pods, skip: map[int]bool{}}
	address, port := s.listen(http.HandlerFunc(s.route))
	s.probe = probe.Target{URL: probe.URL{Scheme: "http", Service: "web", Namespace: "shop", Port: "80", Path: "/"}, Address: address, Port: port}
	for i, pod := range pods {
		address, port := s.listen(pod)
		s.probe.Backends = append(s.probe.Backends, probe.Backend{Pod: podName(i), Address: address, Port: port})
	}
	return s
}

func podName(i int) string { return fmt.Sprintf("web-%d", i) }

func (s *service) listen(handler http.Handler) (address string, port int) {
	s.t.Helper()
	server := httptest.NewServer(handler)
	s.t.Cleanup(server.Close)
	return addressOf(s.t, server.URL)
}

func addressOf(t *testing.T, text string) (address string, port int) {
	t.Helper()
	parsed, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	address, number, err := net.SplitHostPort(parsed.Host)
	if err != nil {
		t.Fatal(err)
	}
	if port, err = strconv.Atoi(number); err != nil {
		t.Fatal(err)
	}
	return address, port
}

func (s *service) route(w http.ResponseWriter, r *http.Request) {
	for {
		if i := int(s.turn.Add(1)) % len(s.pods); !s.skip[i] {
			s.pods[i].ServeHTTP(w, r)
			return
		}
	}
}

func (s *service) round() probe.Result {
	s.t.Helper()
	client := probe.Direct()
	defer client.Close()
	result, err := client.Round(s.t.Context(), s.probe)
	if err != nil {
		s.t.Fatal(err)
	}
	return result
}

// says answers with the text and the status.
func says(status int, text string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = fmt.Fprintln(w, text)
	})
}

func names(i int) http.Handler { return says(http.StatusOK, podName(i)+" nginx:1.27") }

func wantResult(t *testing.T, r probe.Result, ok bool, want string) {
	t.Helper()
	if r.OK() != ok || !strings.Contains(r.String(), want) {
		t.Errorf("%t: %s\nwant %t: %s", r.OK(), r, ok, want)
	}
}

func TestPodsThatNameThemselvesAreCounted(t *testing.T) {
	r := newService(t, names(0), names(1), names(2)).round()
	wantResult(t, r, true, "10 of 10 requests answered: web-0 ")
	total := 0
	for _, p := range r.Pods {
		total += p.Answers
		if p.Answers < 3 || !p.Alone {
			t.Errorf("%+v", p)
		}
	}
	if total != 10 || r.Asked != 10 || r.URL != "http://web:80/" {
		t.Errorf("%+v", r)
	}
}

func TestAHeaderMayNameThePod(t *testing.T) {
	handler := func(i int) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("X-Served-By", podName(i)) })
	}
	wantResult(t, newService(t, handler(0), handler(1)).round(), true, "10 of 10 requests answered: web-0 5, web-1 5")
}

func TestAPodThatIsNotRoutedToIsMissed(t *testing.T) {
	s := newService(t, names(0), names(1), names(2))
	s.skip[1] = true
	r := s.round()
	wantResult(t, r, false, "60 of 60 requests answered; web-1 answered none of 60")
	if got := r.Silent(); !reflect.DeepEqual(got, []string{"web-1"}) {
		t.Errorf("silent: %s", got)
	}
	s.probe.Uneven = true
	wantResult(t, s.round(), true, "10 of 10 requests answered: web-0 ")
}

func TestWithoutNamesEachPodIsAskedAlone(t *testing.T) {
	hello := says(http.StatusOK, "hello")
	s := newService(t, hello, hello, hello)
	wantResult(t, s.round(), true, "10 of 10 requests answered, and each of 3 pods when asked alone")
	s = newService(t, hello, says(http.StatusInternalServerError, ""))
	s.skip[1] = true
	r := s.round()
	wantResult(t, r, false, "10 of 10 requests answered; web-1, asked alone: status 500")
	if got := r.Silent(); !reflect.DeepEqual(got, []string{"web-1"}) {
		t.Errorf("silent: %s", got)
	}
	wantResult(t, newService(t, hello).round(), true, "10 of 10 requests answered, by web-0")
}

func TestAPodThatOnlySometimesNamesItselfDecidesNothing(t *testing.T) {
	wantResult(t, newService(t, names(0), says(http.StatusOK, "hello")).round(), true, "10 of 10 requests answered: web-0 5")
	wantResult(t, newService(t, says(http.StatusOK, "web-0 web-1"), names(0)).round(), true, "10 of 10 requests answered: web-0 5")
}

func TestFailuresAreCountedByTheirWords(t *testing.T) {
	s := newService(t, names(0), says(http.StatusServiceUnavailable, ""), says(http.StatusNotFound, ""))
	wantResult(t, s.round(), false, "3 of 10 requests answered; 4 × status 503; 3 × status 404; web-1, asked alone: status 503; web-2, asked alone: status 404")
}

func TestARoundGivesUpAfterTenFailures(t *testing.T) {
	pods := make([]http.Handler, 20)
	for i := range pods {
		pods[i] = says(http.StatusBadGateway, "")
	}
	r := newService(t, pods...).round()
	if r.Asked > 14 || r.Answered != 0 || len(r.Silent()) != 20 {
		t.Errorf("%d asked, silent %s", r.Asked, r.Silent())
	}
}

func TestWhoDoesNotListenOrSpeakIsTold(t *testing.T) {
	s := newService(t, names(0))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, port := addressOf(t, "http://"+listener.Addr().String())
	_ = listener.Close()
	s.probe.Address, s.probe.Port = address, port
	wantResult(t, s.round(), false, "0 of 10 requests answered; 10 × connect: connection refused")
	s = newService(t, names(0))
	s.probe.URL.Scheme = "https"
	wantResult(t, s.round(), false, "10 × http: server gave HTTP response to HTTPS client")
}

func TestWhoHangsIsNotWaitedForLong(t *testing.T) {
	hang := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s := newService(t, hang)
	client := probe.Direct()
	client.Timeout = 20 * time.Millisecond
	r, err := client.Round(t.Context(), s.probe)
	if err != nil {
		t.Fatal(err)
	}
	wantResult(t, r, false, "0 of 10 requests answered; 10 × no answer within 20ms; web-0, asked alone: no answer within 20ms")
	ctx, cancel := context.WithCancelCause(t.Context())
	over := errors.New("over")
	s = newService(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel(over)
		<-r.Context().Done()
	}))
	if _, err := probe.Direct().Round(ctx, s.probe); !errors.Is(err, over) {
		t.Errorf("error is %v, want the cause of the context", err)
	}
}

func TestAnEndlessBodyIsNotRead(t *testing.T) {
	drip := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = fmt.Fprintln(w, "web-0")
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 1024)); err != nil {
				return
			}
		}
	})
	wantResult(t, newService(t, drip).round(), true, "10 of 10 requests answered: web-0 10")
}

func TestARedirectIsAnAnswerAndIsNotFollowed(t *testing.T) {
	var followed atomic.Bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { followed.Store(true) }))
	t.Cleanup(elsewhere.Close)
	redirect := http.RedirectHandler(elsewhere.URL, http.StatusFound)
	wantResult(t, newService(t, redirect).round(), true, "10 of 10 requests answered")
	if followed.Load() {
		t.Error("the redirect was followed")
	}
}

func TestARequestSaysWhatItAsksAndNothingMore(t *testing.T) {
	var connections atomic.Int64
	seen := make(chan *http.Request, 100)
	s := newService(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "x"})
		seen <- r
	}))
	server := httptest.NewUnstartedServer(http.HandlerFunc(s.route))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	s.probe.Address, s.probe.Port = addressOf(t, server.URL)
	s.probe.URL.Path = "/health?a=b"
	wantResult(t, s.round(), true, "10 of 10 requests answered")
	close(seen)
	for r := range seen {
		if r.Host != "web.shop.svc" || r.URL.String() != "/health?a=b" || r.Header.Get("Cookie") != "" || r.Header.Get("Authorization") != "" {
			t.Errorf("%s %s %v", r.Host, r.URL, r.Header)
		}
	}
	if connections.Load() != 10 {
		t.Errorf("%d connections for 10 requests", connections.Load())
	}
}

func TestAHeadlessServiceIsAskedAtItsPods(t *testing.T) {
	s := newService(t, names(0), names(1))
	s.probe.Address = ""
	wantResult(t, s.round(), true, "10 of 10 requests answered: web-0 5, web-1 5")
}

func TestWhatAnAppQuotesIsNotTold(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Write([]byte("hunter2 is no HTTP\r\n\r\n"))
			_ = conn.Close()
		}
	}()
	s := newService(t, names(0))
	s.probe.Address, s.probe.Port = addressOf(t, "http://"+listener.Addr().String())
	r := s.round()
	if wantResult(t, r, false, "0 of 10 requests answered"); strings.Contains(r.String(), "hunter2") {
		t.Error(r)
	}
}
