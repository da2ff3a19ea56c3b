package git

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
)

// clientCert shows a certificate to a server that asks for one. Such a server hangs up on whom it does not trust, and the
// reason that it gives is lost as often as not; so what is kept is that it has asked.
type clientCert struct {
	next  http.RoundTripper
	pair  *tls.Certificate // nil for none
	asked *atomic.Bool
}

// show is a tls.Config's GetClientCertificate.
func (c clientCert) show(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	c.asked.Store(true)
	if c.pair == nil {
		return &tls.Certificate{}, nil
	}
	return c.pair, nil
}

// RoundTrip implements http.RoundTripper.
func (c clientCert) RoundTrip(request *http.Request) (*http.Response, error) {
	c.asked.Store(false)
	response, err := c.next.RoundTrip(request)
	if slow, ok := errors.AsType[net.Error](err); ok && slow.Timeout() || tlsError(err) != nil || request.Context().Err() != nil {
		return response, err
	}
	if err != nil && c.asked.Load() {
		return nil, errClientCert
	}
	return response, err
}

var errClientCert = fail(ErrAuth, "server wants a client certificate that it trusts: check tls.crt and tls.key of the credentials")
