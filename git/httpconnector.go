package git

import (
	"context"
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
