package git_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// known is a line of known_hosts.
func known(marker, host string, key ssh.PublicKey) string {
	return strings.TrimSpace(marker+" "+knownhosts.Line([]string{host}, key)) + "\n"
}

func TestAServerThatIsKnownIsAccepted(t *testing.T) {
	t.Parallel()
	s := newSecure(t, "rsa", "ecdsa", "ed25519")
	hash := s.push("a.yaml", "a: 1\n")
	host, port, err := net.SplitHostPort(s.sshd.Address)
	if err != nil {
		t.Fatal(err)
	}
	hashed := knownhosts.HashHostname(fmt.Sprintf("[%s]:%s", host, port))
	_, other := gittest.NewIdentity(t)
	rsa, ecdsa, ed25519 := s.sshd.HostKeys[0], s.sshd.HostKeys[1], s.sshd.HostKeys[2]
	for name, lines := range map[string]string{
		"all kinds":       s.sshd.KnownHosts(),
		"only RSA":        known("", s.sshd.Address, rsa),
		"only ECDSA":      known("", s.sshd.Address, ecdsa),
		"only Ed25519":    known("", s.sshd.Address, ed25519),
		"hashed":          hashed + " " + string(ssh.MarshalAuthorizedKey(ed25519)),
		"one of several":  "# a comment\n\ngit.example.com,[" + host + "]:" + port + " " + string(ssh.MarshalAuthorizedKey(ecdsa)),
		"among others":    known("", "git.example.com", other) + known("", s.sshd.Address, rsa),
		"new and old":     known("", s.sshd.Address, other) + known("", s.sshd.Address, ed25519),
		"pattern":         "[127.0.0.*]:" + port + " " + string(ssh.MarshalAuthorizedKey(ed25519)),
		"any host":        "* " + string(ssh.MarshalAuthorizedKey(ed25519)),
		"with CRLF":       strings.ReplaceAll(s.sshd.KnownHosts(), "\n", "\r\n"),
		"no line break":   strings.TrimSpace(known("", s.sshd.Address, ed25519)),
		"another revoked": known("@revoked", "*", other) + known("", s.sshd.Address, ed25519),
	} {
		t.Run(name, func(t *testing.T) {
			fetch(t, s.open(t, s.credentials.with(credentials{"known_hosts": lines})), hash)
		})
	}
}

func TestAServerIsKnownInWhateverCaseTheAddressHasItsName(t *testing.T) {
	t.Parallel()
	s := newSecure(t)
	hash := s.push("a.yaml", "a: 1\n")
	_, port, err := net.SplitHostPort(s.sshd.Address)
	if err != nil {
		t.Fatal(err)
	}
	s.url = strings.Replace(s.url, "127.0.0.1", "LocalHost", 1)
	lines := known("", "localhost:"+port, s.sshd.HostKeys[0])
	fetch(t, s.open(t, s.credentials.with(credentials{"known_hosts": lines})), hash)
}

func TestAServerThatIsNotKnownIsRefused(t *testing.T) {
	t.Parallel()
	s := newSecure(t, "ecdsa", "ed25519")
	host, _, _ := net.SplitHostPort(s.sshd.Address)
	_, other := gittest.NewIdentity(t)
	key := s.sshd.HostKeys[1]
	for name, c := range map[string]struct{ lines, text string }{
		"no known_hosts":  {"", "known_hosts is missing"},
		"no lines":        {"\n", "has no key of it"},
		"another host":    {known("", "git.example.com", key), "has no key of it"},
		"another port":    {known("", host, key), "has no key of it"},
		"another key":     {known("", s.sshd.Address, other), "it shows the key SHA256:"},
		"revoked":         {known("", s.sshd.Address, key) + known("@revoked", "*", key), "is revoked"},
		"revoked alone":   {known("@revoked", s.sshd.Address, key), "has no key of it"},
		"revoked and key": {known("@revoked", "*", key) + known("", s.sshd.Address, key), "is revoked"},
		"excluded":        {"*,![127.0.0.1]:* " + string(ssh.MarshalAuthorizedKey(other)), "host key mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			denied(t, s.url, s.credentials.with(credentials{"known_hosts": c.lines}), git.ErrHostKey, "host key mismatch for "+host+": ")
			denied(t, s.url, s.credentials.with(credentials{"known_hosts": c.lines}), git.ErrHostKey, c.text)
		})
	}
}

func TestAServerIsAskedOnlyForKeysOfTheKindsThatAreKnown(t *testing.T) {
	t.Parallel()
	s := newSecure(t, "ecdsa")
	key, err := ssh.ParsePrivateKey([]byte(s.sshd.Identity)) // an Ed25519 key
	if err != nil {
		t.Fatal(err)
	}
	lines := known("", s.sshd.Address, key.PublicKey())
	denied(t, s.url, s.credentials.with(credentials{"known_hosts": lines}), git.ErrHostKey, "no key of the kinds that known_hosts has for it (ssh-ed25519)")
}

// TestAServerIsKnownByItsCertificatesAuthority asks a server that gets as far as an empty list of refs.
func TestAServerIsKnownByItsCertificatesAuthority(t *testing.T) {
	t.Parallel()
	key, authority := hostKey(t), hostKey(t)
	certificate := &ssh.Certificate{
		Key: key.PublicKey(), CertType: ssh.HostCert, ValidPrincipals: []string{"127.0.0.1"}, ValidBefore: ssh.CertTimeInfinity,
	}
	if err := certificate.SignCert(rand.Reader, authority); err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewCertSigner(certificate, key)
	if err != nil {
		t.Fatal(err)
	}
	address, c := runs(t, signer, func(channel ssh.Channel) {
		_, _ = io.WriteString(channel, "0000")
		_, _ = channel.SendRequest("exit-status", false, []byte{0, 0, 0, 0})
		_ = channel.Close()
	})
	url := "ssh://git@" + address + "/a.git"
	trusted := known("@cert-authority", address, authority.PublicKey())
	denied(t, url, c.with(credentials{"known_hosts": trusted}), git.ErrNoCommits, "no commits yet")
	denied(t, url, c.with(credentials{"known_hosts": known("@cert-authority", address, hostKey(t).PublicKey())}), git.ErrHostKey, "host key mismatch")
	denied(t, url, c.with(credentials{"known_hosts": trusted + known("@revoked", "*", authority.PublicKey())}), git.ErrHostKey, "host key mismatch")
	denied(t, url, c.with(credentials{"known_hosts": trusted + known("@revoked", "*", key.PublicKey())}), git.ErrHostKey, "host key mismatch")
}

// TestNoServerIsAskedThatNobodyKnows has nobody listen: whoever tried would be refused the connection.
func TestNoServerIsAskedThatNobodyKnows(t *testing.T) {
	t.Parallel()
	identity, _ := gittest.NewIdentity(t)
	_, other := gittest.NewIdentity(t)
	for _, lines := range []string{"", known("", "git.example.com", other)} {
		c := credentials{"identity": identity}.with(credentials{"known_hosts": lines})
		_, err := openWith(t, git.Options{URL: "ssh://git@127.0.0.1:1/a.git", Dir: t.TempDir(), Credentials: c.folder(t)}).Fetch(t.Context())
		if !errors.Is(err, git.ErrHostKey) {
			t.Errorf("fetch: %v", err)
		}
	}
}
