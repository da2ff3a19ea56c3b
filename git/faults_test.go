package git_test

import (
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/lockstep-dev/lockstep/git"
	"github.com/lockstep-dev/lockstep/git/gittest"
)

// TestATLSServerThatIsOutdatedIsSaidToBe, whether it gives up or has the client do so.
func TestATLSServerThatIsOutdatedIsSaidToBe(t *testing.T) {
	t.Parallel()
	a := newAuthority(t)
	files := a.pair(loopback())
	pair, err := tls.X509KeyPair([]byte(files["tls.crt"]), []byte(files["tls.key"]))
	if err != nil {
		t.Fatal(err)
	}
	for text, config := range map[string]*tls.Config{
		"no version of TLS that is safe: it needs 1.2": {MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11},
		"no cipher that is safe: check its TLS settings": {
			MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{tls.TLS_RSA_WITH_RC4_128_SHA},
		},
	} {
		config.Certificates = []tls.Certificate{pair}
		address := listen(t, func(conn net.Conn) { _ = tls.Server(conn, config).Handshake() })
		denied(t, "https://"+address+"/a.git", credentials{"ca.crt": a.pem}, git.ErrUnavailable, text)
	}
}

func TestAnSSHServerOfOldCiphersOnlyIsSaidToBeOutdated(t *testing.T) {
	t.Parallel()
	sshd := gittest.ServeSSH(t, []string{"ed25519"}, "Ciphers aes256-cbc")
	c := credentials{"identity": sshd.Identity, "known_hosts": sshd.KnownHosts()}
	denied(t, sshd.URL("/a.git"), c, git.ErrUnavailable, "algorithm that is safe: it is too old")
}

func TestASignatureByACertificateOfAnSSHKeyIsSaidToBeOne(t *testing.T) {
	ca, ada := newSigner(t), newSigner(t)
	out, err := exec.Command("ssh-keygen", "-q", "-s", ca.private, "-I", "ada", "-n", "ada", ada.private+".pub").CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, out)
	}
	key, err := os.ReadFile(ada.private)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(ada.private), "id-cert"), key, 0o600); err != nil { // where it looks for it
		t.Fatal(err)
	}
	work := newRepo(t)
	work.commitSigned(signer{private: ada.private + "-cert.pub"}, "a: 1\n")
	r := openWith(t, git.Options{URL: work.dir, Keys: trust(t, map[string]string{"ada.pub": ada.public})})
	distrusts(t, r, "signed with a certificate of the SSH key SHA256:", "sign with the key itself")
}
