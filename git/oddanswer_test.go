package git_test

import (
	"compress/gzip"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
)

const service = "001e# service=git-upload-pack\n0000"

// TestOddAnswersGetASentenceOfTheirOwn, which says what to do and nothing of the server's words.
func TestOddAnswersGetASentenceOfTheirOwn(t *testing.T) {
	packed := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", advert)
		w.Header().Set("Content-Encoding", "br")
		_, _ = io.WriteString(w, service)
	}
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		kind    error
		says    string
	}{
		"ERR after the service": {answer(200, advert, service+pkt("ERR "+forged)), git.ErrUnavailable, "refuses in words of its own"},
		"ERR alone":             {answer(200, advert, pkt("ERR "+forged)), git.ErrUnavailable, "refuses in words of its own"},
		"ERR not found":         {answer(200, advert, pkt("ERR Repository hunter2 not found.")), git.ErrNotFound, "repository not found, says the server"},
		"ERR denied":            {answer(200, advert, service+pkt("ERR access denied to hunter2")), git.ErrAuth, "access denied, says the server"},
		"version 1":             {answer(200, advert, service+pkt("version 1\n")+pkt(someHash+" HEAD\x00 \n")+"0000"), git.ErrUnavailable, "speaks version 1 of git's protocol"},
		"version 2":             {answer(200, advert, pkt("version 2\n")+pkt("fetch=filter\n")+"0000"), git.ErrUnavailable, "speaks version 2 of git's protocol"},
		"version 2, service":    {answer(200, advert, service+pkt("version 2\n")+"0000"), git.ErrUnavailable, "speaks version 2 of git's protocol"},
		"a login page":          {answer(200, "text/html; charset=utf-8", "<html>"+forged), git.ErrUnavailable, "login page or a captive portal"},
		"proxy's login":         {answer(407, "text/html", forged), git.ErrAuth, "proxy wants credentials (407)"},
		"network's login":       {answer(511, "text/html", forged), git.ErrUnavailable, "login page or a captive portal"},
		"of no known status":    {answer(520, "text/html", forged), git.ErrUnavailable, "server answered 520: try again"},
		"a packed answer":       {packed, git.ErrUnavailable, "packed in a way that was not asked for"},
		"a redirect to a login page": {func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/login" {
				answer(200, "text/html", forged)(w, r)
				return
			}
			http.Redirect(w, r, "/login?hunter2", http.StatusFound)
		}, git.ErrUnavailable, "login page or a captive portal"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := open(t, serve(t, c.handler)).Fetch(t.Context())
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.says) {
				t.Fatalf("fetch: %v, want %v: %s", err, c.kind, c.says)
			}
			if text := err.Error(); strings.Contains(text, "hunter2") || strings.Contains(text, "\x1b") {
				t.Errorf("the server's words are in %q", text)
			}
		})
	}
}

func TestAnERRLineInPlaceOfThePackIsSaidToBeOne(t *testing.T) {
	s := newServer(t)
	s.push("a.yaml", "a: 1\n")
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			answer(200, "application/x-git-upload-pack-result", pkt("ERR "+forged))(w, r)
			return
		}
		http.StripPrefix("/a.git", s.handler).ServeHTTP(w, r)
	})
	_, err := open(t, url).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "refuses in words of its own") || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("fetch: %v", err)
	}
}

// TestAServerMayPackItsAnswersWithGzip, which the standard library asks for.
func TestAServerMayPackItsAnswersWithGzip(t *testing.T) {
	s := newServer(t)
	hash := s.push("a.yaml", "a: 1\n")
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
			t.Errorf("%s asks for no gzip", r.URL.Path)
		}
		r.Header.Del("Accept-Encoding")
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		s.handler.ServeHTTP(packing{w, z}, r)
		_ = z.Close()
	}))
	defer server.Close()
	fetch(t, open(t, server.URL+"/"), hash)
}

// packing writes into what packs.
type packing struct {
	http.ResponseWriter
	into io.Writer
}

func (p packing) Write(text []byte) (int, error) { return p.into.Write(text) }

func TestAServerOfHTTP2AloneIsSaidToBeOne(t *testing.T) {
	const settingsAndGoAway = "\x00\x00\x00\x04\x00\x00\x00\x00\x00" + "\x00\x00\x08\x07\x00\x00\x00\x00\x00" + "\x00\x00\x00\x00\x00\x00\x00\x01"
	plain := listen(t, func(conn net.Conn) {
		_, _ = conn.Read(make([]byte, 1<<10))
		_, _ = io.WriteString(conn, settingsAndGoAway)
	})
	a := newAuthority(t)
	files := a.pair(loopback())
	pair, err := tls.X509KeyPair([]byte(files["tls.crt"]), []byte(files["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	secure := listen(t, func(conn net.Conn) {
		server := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}})
		_, _ = server.Read(make([]byte, 1<<10))
		_, _ = io.WriteString(server, settingsAndGoAway)
	})
	strict := listen(t, func(conn net.Conn) { refuseALPN(conn) })
	denied := func(o git.Options) {
		t.Helper()
		o.Dir = t.TempDir()
		_, err := openWith(t, o).Fetch(t.Context())
		if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "HTTP/1.1") {
			t.Errorf("fetch: %v", err)
		}
	}
	denied(git.Options{URL: "http://" + plain + "/a.git"})
	denied(git.Options{URL: "https://" + strict + "/a.git", Credentials: credentials{"ca.crt": a.pem}.folder(t)})
	denied(git.Options{URL: "https://" + secure + "/a.git", Credentials: credentials{"ca.crt": a.pem}.folder(t)})
}

// refuseALPN ends a handshake as a server does that speaks none of the protocols that it is offered.
func refuseALPN(conn net.Conn) {
	_, _ = conn.Read(make([]byte, 4<<10))
	_, _ = conn.Write([]byte{21, 3, 3, 0, 2, 2, 120}) // an alert, fatal, no_application_protocol
}

func TestRedirectsToAnotherServerAreToldApart(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	c := credentials{"ca.crt": a.pem, "token": "t0ken-secret"}
	const refs = "/a.git/info/refs?service=git-upload-pack"
	var asked atomic.Int64
	ask := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) })
	plain, secure := strings.TrimSuffix(serve(t, ask.ServeHTTP), "/a.git"), a.serve(loopback(), tls.NoClientCert, ask)
	from := func(to string) string {
		return a.serve(loopback(), tls.NoClientCert, http.RedirectHandler(to, http.StatusFound)) + "/a.git"
	}
	denied(t, from(secure+refs), c, git.ErrAuth, "redirects to another one, to which these credentials are not sent")
	denied(t, from(plain+refs), c, git.ErrUnavailable, "redirects from https to what anybody can read on the way")
	_, err := open(t, serve(t, http.RedirectHandler(secure+refs, http.StatusFound).ServeHTTP)).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) {
		t.Errorf("from http: %v", err)
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("the other server was asked %d times", n)
	}
	s := newServer(t)
	s.push("a.yaml", "a: 1\n")
	_, err = open(t, serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
			return
		}
		http.StripPrefix("/a.git", s.handler).ServeHTTP(w, r)
	})).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), "redirects what it was asked for after the list of refs") {
		t.Errorf("of a pack: %v", err)
	}
}
