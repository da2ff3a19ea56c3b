package git

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"strings"
	"time"
)

// tlsError says what is wrong with a certificate and what to do; it is nil when nothing is.
func tlsError(err error) error {
	if err == nil {
		return nil
	}
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
		return alert(e.Err.Error())
	}
	if strings.Contains(err.Error(), "tls: server selected unsupported protocol version") {
		return errOldTLS
	}
	return nil
}

var errOldTLS = fail(ErrUnavailable, "server speaks no version of TLS that is safe: it needs 1.2 or newer")

// alert is the error of a server that has ended the handshake with those words of the standard library.
func alert(words string) error {
	switch {
	case strings.Contains(words, "protocol version"):
		return errOldTLS
	case strings.Contains(words, "no application protocol"):
		return errNotHTTP
	case strings.Contains(words, "handshake failure"), strings.Contains(words, "insufficient security"):
		return fail(ErrUnavailable, "server ends the TLS handshake, most likely since it offers no cipher that is safe: check its TLS settings, "+
			"and the address and the port")
	}
	return fail(ErrUnavailable, "server ends the TLS handshake: check the address and the port")
}

func certificateReason(err error) string {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return "is signed by an unknown authority: if it is your own, put its certificate into the credentials as ca.crt"
	}
	if e, ok := errors.AsType[x509.CertificateInvalidError](err); ok && e.Reason == x509.Expired {
		if e.Cert != nil && time.Now().Before(e.Cert.NotBefore) {
			return "is not valid yet: this machine's clock is wrong, or that of who made it"
		}
		return "has expired: the server needs a new one, or this machine's clock is wrong"
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return "is for another host: check the address"
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return "is not valid: the server needs another one"
	}
	return ""
}
