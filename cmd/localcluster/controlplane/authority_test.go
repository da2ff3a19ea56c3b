package controlplane

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"testing"
)

// handshake returns what a client with config says to a server with server's certificate that trusts clients.
func handshake(t *testing.T, server pair, clients *authority, config *tls.Config) error {
	t.Helper()
	cert, err := tls.X509KeyPair(server.cert, server.key)
	if err != nil {
		t.Fatal(err)
	}
	near, far := net.Pipe()
	served := make(chan error, 1)
	go func() {
		conn := tls.Server(far, &tls.Config{
			Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: pool(clients),
		})
		served <- conn.Handshake()
		_ = conn.Close()
	}()
	client := tls.Client(near, config)
	err = client.Handshake()
	_ = near.Close()
	if serverErr := <-served; err == nil {
		err = serverErr // a refused client may learn it from its first read only
	}
	return err
}

func pool(a *authority) *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(a.cert)
	return p
}

func TestCertificatesAreForTheirNamesAndTheirCircle(t *testing.T) {
	ours, other := authorityOf(t, "ours"), authorityOf(t, "other")
	server, err := ours.server("kube-apiserver", net.ParseIP(serviceIP))
	if err != nil {
		t.Fatal(err)
	}
	login := func(a *authority) []tls.Certificate {
		p, err := a.client("somebody", "group")
		if err != nil {
			t.Fatal(err)
		}
		cert, err := tls.X509KeyPair(p.cert, p.key)
		if err != nil {
			t.Fatal(err)
		}
		return []tls.Certificate{cert}
	}
	for name, c := range map[string]struct {
		host    string
		trust   *authority
		login   []tls.Certificate
		refused bool
	}{
		"by address":             {host: loopback, trust: ours, login: login(ours)},
		"by name":                {host: "localhost", trust: ours, login: login(ours)},
		"by the Service":         {host: serviceIP, trust: ours, login: login(ours)},
		"by its Service's name":  {host: "kubernetes.default.svc", trust: ours, login: login(ours)},
		"as somebody else":       {host: "example.com", trust: ours, login: login(ours), refused: true},
		"unknown to the client":  {host: loopback, trust: other, login: login(ours), refused: true},
		"no login":               {host: loopback, trust: ours, refused: true},
		"a login from elsewhere": {host: loopback, trust: ours, login: login(other), refused: true},
	} {
		t.Run(name, func(t *testing.T) {
			config := &tls.Config{ServerName: c.host, RootCAs: pool(c.trust), Certificates: c.login}
			err := handshake(t, server, ours, config)
			if refused := err != nil; refused != c.refused {
				t.Errorf("refused %t (%v), want %t", refused, err, c.refused)
			}
		})
	}
}

func authorityOf(t *testing.T, name string) *authority {
	t.Helper()
	a, err := newAuthority(name)
	if err != nil {
		t.Fatal(err)
	}
	return a
}
