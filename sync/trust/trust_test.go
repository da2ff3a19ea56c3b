package trust_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/sync/trust"
)

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// authority signs the certificates of servers.
type authority struct {
	*testing.T
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	must(t, err)
	cert, err := x509.ParseCertificate(der)
	must(t, err)
	return authority{t, cert, key}
}

func (a authority) pem() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw}))
}

// serve is a server with a certificate of the authority's.
func (a authority) serve() *httptest.Server {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(a.T, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(2), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}}
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	must(a.T, err)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	server.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	server.StartTLS()
	a.Cleanup(server.Close)
	return server
}

func ask(t *testing.T, transport http.RoundTripper, url string) error {
	t.Helper()
	answer, err := (&http.Client{Transport: transport}).Post(url, "text/plain", strings.NewReader("x"))
	if err == nil {
		must(t, answer.Body.Close())
	}
	return err
}

func TestOnlyTheAuthoritiesOfTheFileAreTrustedAndItMayBeRotated(t *testing.T) {
	ours, others := newAuthority(t), newAuthority(t)
	server := ours.serve()
	file := filepath.Join(t.TempDir(), "ca.crt")
	transport := trust.NewTransport(file)
	defer transport.CloseIdleConnections()

	if err := ask(t, transport, server.URL); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
	must(t, os.WriteFile(file, []byte(others.pem()), 0o600))
	if _, is := errors.AsType[x509.UnknownAuthorityError](ask(t, transport, server.URL)); !is {
		t.Error("an authority that is not in the file is trusted")
	}
	must(t, os.WriteFile(file, []byte(others.pem()+ours.pem()), 0o600))
	if err := ask(t, transport, server.URL); err != nil {
		t.Errorf("with the authority: %v", err)
	}
	must(t, os.WriteFile(file, []byte(others.pem()), 0o600))
	if ask(t, transport, server.URL) == nil {
		t.Error("an authority that was taken out is trusted, by a connection that was there before")
	}
}

func TestAFileWithoutCertificatesIsRefused(t *testing.T) {
	file := filepath.Join(t.TempDir(), "ca.crt")
	for _, text := range []string{"", "c4nary", strings.Repeat("x", 2<<20)} {
		must(t, os.WriteFile(file, []byte(text), 0o600))
		err := trust.Check(file)
		if err == nil || strings.Contains(err.Error(), "c4nary") || !strings.Contains(err.Error(), file) {
			t.Errorf("%.10q: %v", text, err)
		}
	}
	must(t, os.WriteFile(file, []byte(newAuthority(t).pem()), 0o600))
	must(t, trust.Check(file))
}

func TestAPipeIsRefusedAndHoldsNobodyUp(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "ca.crt")
	must(t, syscall.Mkfifo(pipe, 0o600))
	checked := make(chan error, 1)
	go func() { checked <- trust.Check(pipe) }()
	select {
	case err := <-checked:
		if err == nil || !strings.Contains(err.Error(), pipe+" is not a file") {
			t.Error(err)
		}
	case <-time.After(30 * time.Second):
		t.Error("it is waited for")
	}
}
