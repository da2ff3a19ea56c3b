// Package trust says by whose certificates those are known that are sent to: a server of one's own often has an authority of
// one's own.
package trust

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"os"
	stdsync "sync"
)

// longestFile is how many bytes of a file are certificates: the system's are a fifth of that.
const longestFile = 1 << 20

// Transport is that of [http.DefaultTransport], with the certificates of authorities from a file in place of the system's. The
// file is read for each request, so that it may be rotated; where it cannot be read nothing is sent. It is safe for concurrent
// use.
type Transport struct {
	file string

	mu    stdsync.Mutex
	text  []byte // of the file, that inner was made of
	inner *http.Transport
}

// NewTransport returns one for the file at a path.
func NewTransport(file string) *Transport { return &Transport{file: file} }

// RoundTrip sends a request.
func (t *Transport) RoundTrip(request *http.Request) (*http.Response, error) {
	inner, err := t.current()
	if err != nil {
		if request.Body != nil {
			_ = request.Body.Close() // as whoever calls may expect
		}
		return nil, err
	}
	return inner.RoundTrip(request)
}

// CloseIdleConnections closes those that nobody uses.
func (t *Transport) CloseIdleConnections() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inner != nil {
		t.inner.CloseIdleConnections()
	}
}

// current is the transport for what is in the file now.
func (t *Transport) current() (*http.Transport, error) {
	text, pool, err := read(t.file)
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.inner != nil && bytes.Equal(text, t.text) {
		return t.inner, nil
	}
	if t.inner != nil {
		t.inner.CloseIdleConnections() // those who were trusted before may not be any more
	}
	t.text, t.inner = text, http.DefaultTransport.(*http.Transport).Clone()
	t.inner.TLSClientConfig = &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}
	return t.inner, nil
}

// Check says what is wrong with a file of certificates.
func Check(file string) error {
	_, _, err := read(file)
	return err
}

func read(file string) ([]byte, *x509.CertPool, error) {
	if is, err := os.Stat(file); err == nil && !is.Mode().IsRegular() { // a pipe would block
		return nil, nil, fmt.Errorf("read certificates: %s is not a file", file)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, nil, fmt.Errorf("read certificates: %w", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, longestFile+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read certificates: %w", err)
	}
	pool := x509.NewCertPool()
	if len(text) > longestFile || !pool.AppendCertsFromPEM(text) {
		return nil, nil, fmt.Errorf("read certificates: %s holds none in PEM", file)
	}
	return text, pool, nil
}
