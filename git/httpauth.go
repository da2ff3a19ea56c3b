package git

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"net/http"
	"net/url"
	"strings"
)

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
