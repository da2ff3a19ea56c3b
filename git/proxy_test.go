package git_test

import (
	"bufio"
	"crypto/tls"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	stdsync "sync"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// asked is what proxies were asked for.
type asked struct {
	mu   stdsync.Mutex
	list []string
}

func (a *asked) add(text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.list = append(a.list, text)
}

func (a *asked) all() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Clone(a.list)
}

func (a *asked) only(text string) bool { return slices.Equal(a.all(), []string{text}) }

// connectProxy is an HTTP proxy that connects to whatever it is asked for, and keeps a list; elsewhere leads there instead.
func connectProxy(t testing.TB, elsewhere string) (url string, to *asked) {
	t.Helper()
	to = new(asked)
	return "http://" + listen(t, connects(elsewhere, to)), to
}

// secureProxy is a connectProxy that speaks TLS itself, with a certificate of the authority's.
func (a authority) secureProxy(t testing.TB) (url string, to *asked) {
	t.Helper()
	files := a.pair(loopback())
	pair, err := tls.X509KeyPair([]byte(files["tls.crt"]), []byte(files["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	to = new(asked)
	answer := connects("", to)
	return "https://" + listen(t, func(conn net.Conn) {
		answer(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}}))
	}), to
}

func connects(elsewhere string, to *asked) func(net.Conn) {
	return func(conn net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		to.add(request.Method + " " + request.Host)
		if elsewhere != "" {
			request.Host = elsewhere
		}
		through(conn, request.Host, "HTTP/1.1 200 Connection established\r\n\r\n")
	}
}

// socksProxy is the like for SOCKS 5.
func socksProxy(t testing.TB) (url string, to *asked) {
	t.Helper()
	to = new(asked)
	address := listen(t, func(conn net.Conn) {
		hello := make([]byte, 3) // version, one method, no authentication
		if _, err := io.ReadFull(conn, hello); err != nil {
			return
		}
		_, _ = conn.Write([]byte{5, 0})
		request := make([]byte, 10) // version, connect, reserved, IPv4, address, port
		if _, err := io.ReadFull(conn, request); err != nil || request[3] != 1 {
			return
		}
		host := net.JoinHostPort(net.IP(request[4:8]).String(), strconv.Itoa(int(binary.BigEndian.Uint16(request[8:]))))
		to.add(host)
		through(conn, host, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	})
	return "socks5://" + address, to
}

// through joins the connection with one to the address, after it has said so.
func through(conn net.Conn, address, yes string) {
	far, err := net.Dial("tcp", address)
	if err != nil {
		return
	}
	defer func() { _ = far.Close() }()
	_, _ = io.WriteString(conn, yes)
	done := make(chan struct{})
	go func() {
		_, _ = io.Copy(far, conn)
		_ = far.(*net.TCPConn).CloseWrite()
		close(done)
	}()
	_, _ = io.Copy(conn, far)
	_ = conn.Close()
	<-done
}

// proxies are one of each kind, by what they are asked for when that is a host.
func (a authority) proxies() map[string]func(testing.TB) (url string, to *asked) {
	return map[string]func(testing.TB) (string, *asked){
		"CONNECT %s": func(t testing.TB) (string, *asked) { return connectProxy(t, "") },
		"CONNECT %v": a.secureProxy,
		"%s":         socksProxy,
	}
}

func TestARepositoryIsReachedByItsProxy(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s, url := guarded(t, a, func() string { return "Bearer t0ken-secret" })
	hash := s.push("a.yaml", "a: 1\n")
	host := strings.Trim(strings.TrimPrefix(url, "https://"), "/")
	c := credentials{"ca.crt": a.pem, "token": "t0ken-secret"}
	for want, proxy := range a.proxies() {
		by, to := proxy(t)
		r := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: c.folder(t), Proxy: by})
		fetch(t, r, hash)
		fetch(t, r, hash)
		if want = fmt.Sprintf(want, host); !to.only(want) {
			t.Errorf("the proxy was asked for %q, want %s once", to.all(), want)
		}
	}
}

func TestARepositoryIsReachedOverSSHByItsProxy(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := newSecure(t)
	hash := s.push("a.yaml", "a: 1\n")
	c := s.credentials.with(credentials{"ca.crt": a.pem})
	for want, proxy := range a.proxies() {
		by, to := proxy(t)
		fetch(t, openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Credentials: c.folder(t), Proxy: by}), hash)
		if want = fmt.Sprintf(want, s.sshd.Address); !to.only(want) {
			t.Errorf("the proxy was asked for %q, want %s once", to.all(), want)
		}
	}
}

// TestTheEnvironmentsProxyIsUsed asks for a host that only the proxy knows.
func TestTheEnvironmentsProxyIsUsed(t *testing.T) {
	a := newAuthority(t)
	s := newServer(t)
	hash := s.push("a.yaml", "a: 1\n")
	template := loopback()
	template.DNSNames = []string{"git.test"}
	url := a.serve(template, tls.NoClientCert, s.handler)
	by, to := connectProxy(t, strings.TrimPrefix(url, "https://"))
	t.Setenv("HTTPS_PROXY", by)
	t.Setenv("NO_PROXY", "other.test")
	c := credentials{"ca.crt": a.pem}
	fetch(t, openWith(t, git.Options{URL: "https://git.test/", Dir: t.TempDir(), Credentials: c.folder(t)}), hash)
	if !to.only("CONNECT git.test:443") {
		t.Errorf("the proxy was asked for %q", to.all())
	}
	t.Setenv("NO_PROXY", "git.test")
	_, err := openWith(t, git.Options{URL: "https://git.test/", Dir: t.TempDir(), Credentials: c.folder(t)}).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || len(to.all()) != 1 {
		t.Errorf("fetch: %v; the proxy was asked for %q", err, to.all())
	}
}

func TestAProxyThatRefusesIsToldApartFromTheServer(t *testing.T) {
	t.Parallel()
	s := newSecure(t)
	for code, kind := range map[int]error{http.StatusProxyAuthRequired: git.ErrAuth, http.StatusForbidden: git.ErrUnavailable} {
		proxy := strings.TrimSuffix(serve(t, answer(code, "text/plain", forged)), "/a.git")
		for url, folder := range map[string]string{s.url: s.credentials.folder(t), "https://git.test/a.git": ""} {
			_, err := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: folder, Proxy: proxy}).Fetch(t.Context())
			if !errors.Is(err, kind) || !strings.Contains(err.Error(), "proxy ") || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("fetch: %v, want %v", err, kind)
			}
		}
	}
}

// TestAProxyThatIsNotThereIsToldApartFromTheServer has nobody listen where the proxy should be, and then where the server.
func TestAProxyThatIsNotThereIsToldApartFromTheServer(t *testing.T) {
	t.Parallel()
	identity, public := gittest.NewIdentity(t)
	c := credentials{"identity": identity, "known_hosts": known("", "127.0.0.1:1", public)}
	socks, _ := socksProxy(t)
	for proxy, text := range map[string]string{
		"http://127.0.0.1:1":   "proxy: connection refused",
		"socks5://127.0.0.1:1": "proxy: connection refused",
		socks:                  "proxy: connection failed",
		"":                     ": connection refused",
	} {
		for url, folder := range map[string]string{"ssh://git@127.0.0.1:1/a.git": c.folder(t), "https://127.0.0.1:1/a.git": ""} {
			_, err := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: folder, Proxy: proxy}).Fetch(t.Context())
			if !errors.Is(err, git.ErrUnavailable) || !strings.Contains(err.Error(), text) {
				t.Errorf("fetch of %s by %q: %v, want %s", url, proxy, err, text)
			}
		}
	}
}
