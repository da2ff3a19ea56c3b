package git_test

import (
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

func TestAServerThatAsksForAPauseIsHeard(t *testing.T) {
	for name, c := range map[string]struct {
		status      int
		after, date string
		want        time.Duration
		asked       bool
	}{
		"429":                           {status: 429, want: time.Minute, asked: true},
		"429 in seconds":                {status: 429, after: "7", want: 7 * time.Second, asked: true},
		"503 in seconds":                {status: 503, after: "120", want: 2 * time.Minute, asked: true},
		"403 in seconds":                {status: 403, after: "60", want: time.Minute, asked: true},
		"by the server's clock":         {status: 429, after: "Fri, 02 Jan 2026 03:05:05 GMT", date: "Fri, 02 Jan 2026 03:04:05 GMT", want: time.Minute, asked: true},
		"in the past":                   {status: 503, after: "Fri, 02 Jan 2026 03:04:04 GMT", date: "Fri, 02 Jan 2026 03:04:05 GMT", asked: true},
		"for years":                     {status: 503, after: "999999999", want: time.Hour, asked: true},
		"for longer than a number":      {status: 503, after: "99999999999999999999", want: time.Minute, asked: true},
		"not to be read":                {status: 503, after: "soon", want: time.Minute, asked: true},
		"503 alone":                     {status: 503},
		"403 alone":                     {status: 403},
		"of what has not been found":    {status: 404, after: "60"},
		"of what is not the repository": {status: 200, after: "60"},
	} {
		t.Run(name, func(t *testing.T) {
			url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				for key, value := range map[string]string{"Retry-After": c.after, "Date": c.date} {
					if value != "" {
						w.Header().Set(key, value)
					}
				}
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte("canary"))
			})
			_, err := open(t, url).Fetch(t.Context())
			pause, asked := git.RetryAfter(err)
			if asked != c.asked || pause != c.want {
				t.Errorf("%v asks for %s, %t", err, pause, asked)
			}
			if c.asked && !errors.Is(err, git.ErrUnavailable) || strings.Contains(err.Error(), "canary") {
				t.Errorf("error %v", err)
			}
		})
	}
	if _, asked := git.RetryAfter(errors.New("another")); asked {
		t.Error("any error asks for a pause")
	}
}

// TestARepositoryIsAskedOverOneConnection asks often, with and without a push, as a daemon does for all of its apps.
func TestARepositoryIsAskedOverOneConnection(t *testing.T) {
	s := newServer(t)
	var connections, requests atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		s.handler.ServeHTTP(w, r)
	}))
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	r := open(t, server.URL+"/")
	for _, text := range []string{"a: 1\n", "a: 2\n", "a: 3\n"} {
		hash := s.push("a.yaml", text)
		for range 5 {
			fetch(t, r, hash)
		}
	}
	if c, n := connections.Load(), requests.Load(); c != 1 || n != 15+3 {
		t.Errorf("%d connections and %d requests for 15 fetches of 3 commits", c, n)
	}
}
