package git_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

// authority signs certificates.
type authority struct {
	t    testing.TB
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pem  string
}

func newAuthority(t testing.TB) authority {
	t.Helper()
	a := authority{t: t}
	a.cert, a.key, a.pem = a.sign(&x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign})
	return a
}

// sign signs a certificate for the loopback address; that of a new authority with its own key.
func (a authority) sign(template *x509.Certificate) (*x509.Certificate, *ecdsa.PrivateKey, string) {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	template.SerialNumber, template.Subject = big.NewInt(1), pkix.Name{CommonName: "test"}
	if template.NotAfter.IsZero() {
		template.NotAfter = time.Now().Add(time.Hour)
	}
	parent, signer := a.cert, a.key
	if parent == nil {
		parent, signer = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), signer)
	if err != nil {
		a.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		a.t.Fatal(err)
	}
	return cert, key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// pair returns a certificate and its key as the files of credentials have them.
func (a authority) pair(template *x509.Certificate) credentials {
	a.t.Helper()
	_, key, cert := a.sign(template)
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	return credentials{"tls.crt": cert, "tls.key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))}
}

// serve serves over TLS, with a certificate of the authority's.
func (a authority) serve(template *x509.Certificate, clients tls.ClientAuthType, handler http.Handler) string {
	a.t.Helper()
	files := a.pair(template)
	pair, err := tls.X509KeyPair([]byte(files["tls.crt"]), []byte(files["tls.key"]))
	if err != nil {
		a.t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	s := httptest.NewUnstartedServer(handler)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.TLS = &tls.Config{Certificates: []tls.Certificate{pair}, ClientAuth: clients, ClientCAs: pool}
	s.StartTLS()
	a.t.Cleanup(s.Close)
	return s.URL
}

var loopbackIPs = []net.IP{net.IPv4(127, 0, 0, 1)}

// loopback is a certificate for a server of a test.
func loopback() *x509.Certificate {
	return &x509.Certificate{DNSNames: []string{"localhost"}, IPAddresses: loopbackIPs}
}

// guarded serves a repository over TLS to those who show the header, and to others nothing.
func guarded(t testing.TB, a authority, header func() string) (server, string) {
	t.Helper()
	s := newServer(t)
	url := a.serve(loopback(), tls.NoClientCert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != header() {
			w.Header().Set("WWW-Authenticate", "Basic")
			http.Error(w, "who are you? "+r.Header.Get("Authorization"), http.StatusUnauthorized)
			return
		}
		s.handler.ServeHTTP(w, r)
	}))
	return s, url + "/"
}

func TestCredentialsOpenARepositoryOverHTTPS(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	ca := credentials{"ca.crt": a.pem}
	for name, c := range map[string]struct {
		right, wrong credentials
		header       string
	}{
		"basic": {
			credentials{"username": "ada", "password": "correct horse\n"},
			credentials{"username": "ada", "password": "hunter2"},
			"Basic YWRhOmNvcnJlY3QgaG9yc2U=",
		},
		"token": {credentials{"token": "t0ken-secret"}, credentials{"token": "hunter2"}, "Bearer t0ken-secret"},
	} {
		t.Run(name, func(t *testing.T) {
			s, url := guarded(t, a, func() string { return c.header })
			hash := s.push("a.yaml", "a: 1\n")
			fetch(t, openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: c.right.with(ca).folder(t)}), hash)
			denied(t, url, c.wrong.with(ca), git.ErrAuth, "access denied (401)")
			denied(t, url, ca, git.ErrAuth, "access denied (401)")
			denied(t, url, c.right, git.ErrUnavailable, "unknown authority: if it is your own, put its certificate into the credentials as ca.crt")
		})
	}
}

func TestARotatedPasswordIsUsedWithTheNextFetch(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	header := "Bearer first-secret"
	s, url := guarded(t, a, func() string { return header })
	hash := s.push("a.yaml", "a: 1\n")
	dir := t.TempDir()
	token := func(text string) credentials { return credentials{"ca.crt": a.pem, "token": text} }
	token("first-secret").mount(t, dir)
	r := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: dir})
	fetch(t, r, hash)
	header = "Bearer second-secret"
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrAuth) {
		t.Fatalf("fetch: %v", err)
	}
	token("second-secret").mount(t, dir)
	fetch(t, r, hash)
	newAuthorityOnly := credentials{"ca.crt": newAuthority(t).pem, "token": "second-secret"}
	newAuthorityOnly.mount(t, dir)
	if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrUnavailable) {
		t.Fatalf("a kept connection outlives the trust in it: %v", err)
	}
}

// TestNoFetchMixesTwoVersionsOfAMountedSecret replaces it again and again meanwhile.
func TestNoFetchMixesTwoVersionsOfAMountedSecret(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	pairs := map[string]string{"ada": "correct horse", "ben": "battery staple"}
	url := a.serve(loopback(), tls.NoClientCert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, password, _ := r.BasicAuth(); pairs[user] != password || password == "" {
			t.Errorf("asked with %s and %s", user, password)
		}
		w.WriteHeader(http.StatusNotFound)
	}))
	dir := t.TempDir()
	mount := func(user string) {
		credentials{"ca.crt": a.pem, "username": user, "password": pairs[user]}.mount(t, dir)
	}
	mount("ada")
	stop, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for user := "ben"; ; user = map[string]string{"ada": "ben", "ben": "ada"}[user] {
			select {
			case <-stop:
				return
			default:
				mount(user)
			}
		}
	}()
	r := openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: dir})
	for range 100 {
		// Who replaces them faster than they can be read is told so.
		if _, err := r.Fetch(t.Context()); !errors.Is(err, git.ErrNotFound) && !strings.Contains(err.Error(), "again and again") {
			t.Errorf("fetch: %v", err)
		}
	}
	close(stop)
	<-done
}

func TestAClientCertificateOpensARepository(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := newServer(t)
	hash := s.push("a.yaml", "a: 1\n")
	url := a.serve(loopback(), tls.RequireAndVerifyClientCert, s.handler) + "/"
	ca := credentials{"ca.crt": a.pem}
	right := a.pair(&x509.Certificate{ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}}).with(ca)
	fetch(t, openWith(t, git.Options{URL: url, Dir: t.TempDir(), Credentials: right.folder(t)}), hash)
	denied(t, url, ca, git.ErrAuth, "client certificate")
	denied(t, url, newAuthority(t).pair(&x509.Certificate{}).with(ca), git.ErrAuth, "client certificate")
	denied(t, url, right.with(credentials{"tls.key": ""}), git.ErrCredentials, "tls.key is missing")
}

func TestCertificatesThatAreNotRightAreToldApart(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	ca := credentials{"ca.crt": a.pem}
	expired := loopback()
	expired.NotBefore, expired.NotAfter = time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour)
	early := loopback()
	early.NotBefore = time.Now().Add(30 * time.Minute)
	for text, template := range map[string]*x509.Certificate{
		"has expired: the server needs a new one": expired,
		"is not valid yet: this machine's clock":  early,
		"is for another host":                     {DNSNames: []string{"git.example.com"}},
	} {
		denied(t, a.serve(template, tls.NoClientCert, http.NotFoundHandler()), ca, git.ErrUnavailable, "server's certificate "+text)
	}
	plain := serve(t, answer(200, advert, ""))
	denied(t, strings.Replace(plain, "http:", "https:", 1), ca, git.ErrUnavailable, "does not speak TLS")
}

func TestCredentialsThatAreNoneOfHTTPSAreRefused(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	url := a.serve(loopback(), tls.NoClientCert, http.NotFoundHandler())
	basic := credentials{"username": "ada", "password": "correct horse"}
	for text, c := range map[string]credentials{
		"none of their files":                           {},
		"nothing for https":                             {"known_hosts": "git.example.com ssh-ed25519 AAAA"},
		"password is missing":                           basic.with(credentials{"password": ""}),
		"username is missing":                           basic.with(credentials{"username": ""}),
		"password is empty":                             basic.with(credentials{"password": "\n"}),
		"password holds control characters":             basic.with(credentials{"password": "correct\r\nhorse"}),
		"username holds a colon":                        basic.with(credentials{"username": "ada:x"}),
		"token holds control characters":                {"token": "secret\x1b[0m"},
		"want one of username and password":             basic.with(credentials{"token": "t0ken-secret"}),
		"ca.crt holds no certificate":                   basic.with(credentials{"ca.crt": "secret-ca"}),
		"tls.crt and tls.key are no pair":               {"tls.crt": a.pem, "tls.key": "secret-key"},
		"github-app-private-key is missing":             {"github-app-id": "1", "github-app-installation-id": "2"},
		"token cannot be read: it is larger than 1 MiB": {"token": strings.Repeat("secret", 1<<18)},
	} {
		denied(t, url, c, git.ErrCredentials, text)
	}
}

// TestARedirectTakesNoCredentialsAlong leads to a server that would tell.
func TestARedirectTakesNoCredentialsAlong(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	asked := 0
	thief := a.serve(loopback(), tls.NoClientCert, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	url := a.serve(loopback(), tls.NoClientCert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, thief+r.URL.RequestURI(), http.StatusMovedPermanently)
	}))
	denied(t, url, credentials{"token": "t0ken-secret", "ca.crt": a.pem}, git.ErrAuth, "redirects to another one")
	denied(t, url, a.pair(&x509.Certificate{}).with(credentials{"ca.crt": a.pem}), git.ErrAuth, "redirects to another one")
	if asked != 0 {
		t.Errorf("the other server was asked %d times", asked)
	}
}

func TestARedirectOnTheSameServerIsFollowed(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	s := newServer(t)
	hash := s.push("a.yaml", "a: 1\n")
	url := a.serve(loopback(), tls.NoClientCert, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, old := strings.CutPrefix(r.URL.RequestURI(), "/old"); old {
			http.Redirect(w, r, rest, http.StatusMovedPermanently)
		} else if r.Header.Get("Authorization") == "Bearer t0ken-secret" {
			s.handler.ServeHTTP(w, r)
		}
	}))
	c := credentials{"token": "t0ken-secret", "ca.crt": a.pem}
	fetch(t, openWith(t, git.Options{URL: url + "/old", Dir: t.TempDir(), Credentials: c.folder(t)}), hash)
}

func TestWhatDoesNotGoTogetherIsRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	for text, o := range map[string]git.Options{
		"not sent over http://":                   {URL: "http://git.example.com/a.git", Credentials: "/none"},
		"ssh needs credentials":                   {URL: "ssh://git@git.example.com/a.git"},
		"takes neither credentials nor a proxy":   {URL: t.TempDir(), Credentials: "/none"},
		"a folder takes neither":                  {URL: t.TempDir(), Proxy: "http://proxy.example.com:3128"},
		"proxy holds a user or a password":        {URL: "https://git.example.com/a.git", Proxy: "http://ada:hunter2@proxy.example.com:3128"},
		"proxy has an unknown scheme":             {URL: "https://git.example.com/a.git", Proxy: "ftp://hunter2"},
		"proxy is not an address":                 {URL: "https://git.example.com/a.git", Proxy: "http://proxy.example.com/hunter2"},
		"proxy is not a valid URL":                {URL: "https://git.example.com/a.git", Proxy: "http://[hunter2"},
		"port is not a number below 65536":        {URL: "https://git.example.com/a.git", Proxy: "http://hunter2:99999"},
		"git:// is not supported: use https://, ": {URL: "git://git.example.com/a.git", Credentials: "/none"},
	} {
		o.Dir = t.TempDir()
		_, err := git.Open(o)
		if !errors.Is(err, git.ErrURL) || !strings.Contains(err.Error(), text) || strings.Contains(err.Error(), password) {
			t.Errorf("open: %v, want %s", err, text)
		}
		if checked := o.CheckAccess(); checked == nil || !strings.HasSuffix(err.Error(), checked.Error()) {
			t.Errorf("check: %v, open: %v", checked, err)
		}
	}
}
