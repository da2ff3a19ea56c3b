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
	"strconv"
	"strings"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// connectProxy is an HTTP proxy that connects to whatever it is asked for, and keeps a list; elsewhere leads there instead.
func connectProxy(t testing.TB, elsewhere string) (url string, asked *[]string) {
	t.Helper()
	asked = new([]string)
	return "http://" + listen(t, connects(elsewhere, asked)), asked
}

// secureProxy is a connectProxy that speaks TLS itself, with a certificate of the authority's.
func (a authority) secureProxy(t testing.TB) (url string, asked *[]string) {
	t.Helper()
	files := a.pair(loopback())
	pair, err := tls.X509KeyPair([]byte(files["tls.crt"]), []byte(files["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	asked = new([]string)
	answer := connects("", asked)
	return "https://" + listen(t, func(conn net.Conn) {
		answer(tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{pair}}))
	}), asked
}

func connects(elsewhere string, asked *[]string) func(net.Conn) {
	return func(conn net.Conn) {
		request, err := http.ReadRequest(bufio.NewReader(conn))
		if err != nil {
			return
		}
		*asked = append(*asked, request.Method+" "+request.Host)
		if elsewhere != "" {
			request.Host = elsewhere
		}
		through(conn, request.Host, "HTTP/1.1 200 Connection established\r\n\r\n")
	}
}

// socksProxy is the like for SOCKS 5.
func socksProxy(t testing.TB) (url string, asked *[]string) {
	t.Helper()
	asked = new([]string)
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
		*asked = append(*asked, host)
		through(conn, host, "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00")
	})
	return "socks5://" + address, asked
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
func (a authority) proxies() map[string]func(testing.TB) (url string, asked *[]string) {
	return map[string]func(testing.TB) (string, *[]string){
		"CONNECT %s": func(t testing.TB) (string, *[]string) { return connectProxy(t, "") },
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
		by, asked := proxy(t)
		r := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: c.folder(t), Proxy: by})
		fetch(t, r, hash)
		fetch(t, r, hash)
		if want = fmt.Sprintf(want, host); len(*asked) != 1 || (*asked)[0] != want {
			t.Errorf("the proxy was asked for %q, want %s once", *asked, want)
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
		by, asked := proxy(t)
		fetch(t, openWith(t, git.Options{URL: s.url, Dir: t.TempDir(), Credentials: c.folder(t), Proxy: by}), hash)
		if want = fmt.Sprintf(want, s.sshd.Address); len(*asked) != 1 || (*asked)[0] != want {
			t.Errorf("the proxy was asked for %q, want %s once", *asked, want)
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
	by, asked := connectProxy(t, strings.TrimPrefix(url, "https://"))
	t.Setenv("HTTPS_PROXY", by)
	t.Setenv("NO_PROXY", "other.test")
	c := credentials{"ca.crt": a.pem}
	fetch(t, openWith(t, git.Options{URL: "https://git.test/", Dir: t.TempDir(), Credentials: c.folder(t)}), hash)
	if len(*asked) != 1 || (*asked)[0] != "CONNECT git.test:443" {
		t.Errorf("the proxy was asked for %q", *asked)
	}
	t.Setenv("NO_PROXY", "git.test")
	_, err := openWith(t, git.Options{URL: "https://git.test/", Dir: t.TempDir(), Credentials: c.folder(t)}).Fetch(t.Context())
	if !errors.Is(err, git.ErrUnavailable) || len(*asked) != 1 {
		t.Errorf("fetch: %v; the proxy was asked for %q", err, *asked)
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
