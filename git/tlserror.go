package git

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
)

// tlsError says what is wrong with a certificate and what to do; it is nil when nothing is.
func tlsError(err error) error {
	if text := certificateReason(err); text != "" {
		return fail(ErrUnavailable, "server's certificate %s", text)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok || errors.Is(err, http.ErrSchemeMismatch) {
		return fail(ErrUnavailable, "server does not speak TLS: check the address and the port")
	}
	// What the other end has to say against us comes as a number; the words are the standard library's.
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "remote error" {
		if strings.Contains(e.Err.Error(), "certificate") {
			return errClientCert
		}
		if strings.Contains(e.Err.Error(), "no application protocol") {
			return errNotHTTP
		}
		return fail(ErrUnavailable, "server ends the TLS handshake: check the address and the port")
	}
	return nil
}

func certificateReason(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "is signed by an unknown authority: if it is your own, put its certificate into the credentials as ca.crt"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		return "has expired or is not valid yet: the server needs a new one, or this machine's clock is wrong"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "is for another host: check the address"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "is not valid: the server needs another one"
	}
	return ""
}
