package git

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"maps"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"

	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
	"golang.org/x/net/http/httpproxy"
)

// httpConnector talks to a repository over http or https. Its connections are kept, as long as the credentials are.
type httpConnector struct {
	at       *url.URL
	endpoint transport.Endpoint
	folder   string // of the credentials, or empty
	proxy    func(*http.Request) (*url.URL, error)

	held      *credentials // that transport and app are made of
	transport *http.Transport
	next      http.RoundTripper // transport, and what shows the client's certificate
	app       *githubApp
}

func newHTTPConnector(at *url.URL, folder string, by *url.URL) (*httpConnector, error) {
	h := &httpConnector{
		at: at,
		// By hand, since go-git's own parser undoes the escapes of the path and sends it so.
		endpoint: transport.Endpoint{Protocol: at.Scheme, Host: at.Hostname(), Path: at.EscapedPath()},
		folder:   folder,
		proxy:    http.ProxyURL(by),
	}
	if strings.Contains(h.endpoint.Host, ":") {
		h.endpoint.Host = "[" + h.endpoint.Host + "]"
	}
	if by == nil {
		environment := httpproxy.FromEnvironment().ProxyFunc()
		h.proxy = func(r *http.Request) (*url.URL, error) { return environment(r.URL) }
	}
	var err error
	h.endpoint.Port, err = portOf(at)
	return h, err
}

func (h *httpConnector) connect(ctx context.Context) (transport.UploadPackSession, error) {
	read := &credentials{}
	if h.folder != "" {
		var err error
		if read, err = readCredentials(h.folder); err != nil {
			return nil, err
		}
	}
	if h.held == nil || !maps.Equal(h.held.files, read.files) {
		if err := h.renew(read); err != nil {
			return nil, err
		}
	}
	header, err := h.authorization(ctx)
	if err != nil {
		return nil, err
	}
	next := h.next
	if h.folder != "" {
		next = confined{next: next, to: h.at, header: header, denied: h.denied}
	}
	endpoint := h.endpoint // a session changes it when it is redirected
	return githttp.NewClient(&http.Client{Transport: guard{throttle{next}}}).NewUploadPackSession(&endpoint, nil)
}

// renew lets go of what was made of other credentials.
func (h *httpConnector) renew(read *credentials) error {
	config, pair, err := read.tls()
	if err != nil {
		return err
	}
	h.close()
	h.transport = http.DefaultTransport.(*http.Transport).Clone()
	h.transport.Proxy = h.proxy
	// HTTP/2 keeps the connection of a request that was given up, dead or not; one request at a time gains nothing by it.
	h.transport.Protocols = new(http.Protocols)
	h.transport.Protocols.SetHTTP1(true)
	cert := clientCert{next: h.transport, pair: pair, asked: new(atomic.Bool)}
	config.GetClientCertificate = cert.show
	h.transport.TLSClientConfig = config
	h.next = cert
	h.transport.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, response *http.Response) error {
		return tunnelled(response)
	}
	h.app = nil
	if read.has(fileAppID, fileAppInstall, fileAppKey, fileAppAPI) {
		// Where a redirect leads, the app's signature has no business.
		client := &http.Client{Transport: h.transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}}
		if h.app, err = read.githubApp(h.at, client); err != nil {
			return err
		}
	}
	h.held = read
	return nil
}

// denied is told when the server refuses the credentials.
func (h *httpConnector) denied() {
	if h.app != nil {
		h.app.forget()
	}
}

func (h *httpConnector) close() {
	h.held = nil
	if h.transport != nil {
		h.transport.CloseIdleConnections()
	}
}

// authorization returns the header of that name, which may be empty.
func (h *httpConnector) authorization(ctx context.Context) (string, error) {
	basic, bearer := h.held.has(fileUsername, filePassword), h.held.has(fileToken)
	switch {
	case basic && bearer, basic && h.app != nil, bearer && h.app != nil:
		return "", fail(ErrCredentials, "credentials: want one of username and password, token, and a GitHub App, not several")
	case basic:
		return h.held.basic()
	case bearer:
		token, err := h.held.line(fileToken)
		return "Bearer " + token, err
	case h.app != nil:
		token, err := h.app.fresh(ctx)
		return basicAuth("x-access-token", token), err
	case h.folder != "" && !h.held.has(fileCA, fileCert, fileKey):
		return "", fail(ErrCredentials, "credentials: nothing for https is in them: want username and password, token, a GitHub App, "+
			"tls.crt and tls.key, or ca.crt")
	}
	return "", nil
}

func (c *credentials) basic() (string, error) {
	if err := c.together(fileUsername, filePassword); err != nil {
		return "", err
	}
	user, err := c.line(fileUsername)
	if err != nil {
		return "", err
	}
	if strings.Contains(user, ":") {
		return "", fail(ErrCredentials, "credentials: username holds a colon")
	}
	password, err := c.line(filePassword)
	return basicAuth(user, password), err
}

func basicAuth(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// tls returns whom the client trusts, by default those whom the system does, and what it shows itself, nil for nothing.
func (c *credentials) tls() (*tls.Config, *tls.Certificate, error) {
	config := &tls.Config{}
	if c.has(fileCA) {
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM([]byte(c.files[fileCA])) {
			return nil, nil, fail(ErrCredentials, "credentials: ca.crt holds no certificate in PEM")
		}
	}
	if !c.has(fileCert, fileKey) {
		return config, nil, nil
	}
	if err := c.together(fileCert, fileKey); err != nil {
		return nil, nil, err
	}
	pair, err := tls.X509KeyPair([]byte(c.files[fileCert]), []byte(c.files[fileKey]))
	if err != nil {
		return nil, nil, fail(ErrCredentials, "credentials: tls.crt and tls.key are no pair in PEM")
	}
	return config, &pair, nil
}

// confined puts the credentials on requests to the server that they are for, and lets none pass to another.
type confined struct {
	next   http.RoundTripper
	to     *url.URL
	header string
	denied func()
}

// RoundTrip implements http.RoundTripper.
func (c confined) RoundTrip(request *http.Request) (*http.Response, error) {
	if origin(request.URL) != origin(c.to) {
		return nil, fail(ErrAuth, "server redirects to another one, to which these credentials are not sent: give the address that it leads to")
	}
	if c.header != "" {
		request = request.Clone(request.Context())
		request.Header.Set("Authorization", c.header)
	}
	response, err := c.next.RoundTrip(request)
	if err == nil && (response.StatusCode == http.StatusUnauthorized || response.StatusCode == http.StatusForbidden) {
		c.denied()
	}
	return response, err
}

// origin is what makes a server another one.
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" && u.Scheme == "https" {
		port = "443"
	}
	return strings.ToLower(u.Scheme + "://" + u.Hostname() + ":" + port)
}
