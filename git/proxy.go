package git

import (
	"bufio"
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/net/proxy"
)

// parseProxy reads the URL of a proxy, nil when it is empty.
func parseProxy(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil {
		return nil, fail(ErrURL, "proxy is not a valid URL")
	}
	port, err := portOf(u)
	switch {
	case err != nil:
		return nil, err
	case u.User != nil:
		return nil, fail(ErrURL, "proxy holds a user or a password: credentials do not belong into a URL")
	case u.Hostname() == "" || strings.HasPrefix(u.Host, "-") || u.RawQuery != "" || u.Fragment != "" || strings.Trim(u.Path, "/") != "":
		return nil, fail(ErrURL, "proxy is not an address: write it as http://host:port")
	}
	standard := map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}[u.Scheme]
	switch {
	case standard == "":
		return nil, fail(ErrURL, "proxy has an unknown scheme: want http, https, socks5 or socks5h")
	case port == 0:
		u.Host = net.JoinHostPort(u.Hostname(), standard)
	}
	return u, nil
}

// How the libraries mark what went wrong on the way to a proxy, or was refused by it.
const (
	opProxy = "proxyconnect"
	opSOCKS = "socks connect"
)

// dial connects to a host and port, until ctx ends. The config says which proxy is trusted that speaks TLS.
type dial func(ctx context.Context, address string, trust *tls.Config) (net.Conn, error)

func dialer(by *url.URL) dial {
	switch {
	case by == nil:
		return func(ctx context.Context, address string, _ *tls.Config) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", address)
		}
	case strings.HasPrefix(by.Scheme, "socks5"):
		return func(ctx context.Context, address string, _ *tls.Config) (net.Conn, error) {
			socks, err := proxy.SOCKS5("tcp", by.Host, nil, new(net.Dialer))
			if err != nil {
				return nil, err
			}
			return socks.(proxy.ContextDialer).DialContext(ctx, "tcp", address)
		}
	}
	return func(ctx context.Context, address string, trust *tls.Config) (net.Conn, error) {
		return dialTunnel(ctx, by, address, trust)
	}
}

func dialTunnel(ctx context.Context, by *url.URL, address string, trust *tls.Config) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", by.Host)
	if err != nil {
		return nil, &net.OpError{Op: opProxy, Net: "tcp", Err: err}
	}
	defer expire(ctx, conn)()
	if by.Scheme == "https" {
		trust = trust.Clone()
		trust.ServerName = by.Hostname()
		conn = tls.Client(conn, trust)
	}
	if err := tunnel(conn, address); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return conn, nil
}

// expire ends all that waits on the connection when ctx ends, until the func that it returns is called.
func expire(ctx context.Context, conn net.Conn) func() bool {
	return context.AfterFunc(ctx, func() { _ = conn.SetDeadline(time.Unix(1, 0)) })
}

// tunnel asks an HTTP proxy for a connection to address.
func tunnel(conn net.Conn, address string) error {
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if err := request.Write(conn); err != nil {
		return err
	}
	// A byte at a time, as what follows the answer is the server's.
	response, err := http.ReadResponse(bufio.NewReaderSize(single{conn}, 16), request)
	if err != nil {
		return err
	}
	return tunnelled(response)
}

func tunnelled(response *http.Response) error {
	switch code := response.StatusCode; code {
	case http.StatusOK:
		return nil
	case http.StatusProxyAuthRequired:
		return fail(ErrAuth, "proxy wants credentials (%d), which cannot be given to it", code)
	default:
		return fail(ErrUnavailable, "proxy does not connect to the server (%d): try again later", code)
	}
}

// single reads a byte at a time.
type single struct{ net.Conn }

func (s single) Read(p []byte) (int, error) { return s.Conn.Read(p[:min(len(p), 1)]) }
