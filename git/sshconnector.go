package git

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/url"
	"strings"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh"
)

// sshConnector talks to a repository over ssh. go-git's own client heeds neither the context nor a deadline, and reads
// the user's ssh_config; so the connection is made here, one for each conversation.
type sshConnector struct {
	at          *url.URL
	credentials string
	dial        dial
}

func (s *sshConnector) connect(ctx context.Context) (transport.UploadPackSession, error) {
	read, err := readCredentials(s.credentials)
	if err != nil {
		return nil, err
	}
	keys, err := read.hostKeys(s.at)
	if err != nil {
		return nil, err
	}
	identity, err := read.identity()
	if err != nil {
		return nil, err
	}
	trust, _, err := read.tls()
	if err != nil {
		return nil, err
	}
	conn, err := s.dial(ctx, sshHost(s.at), trust)
	if err != nil {
		return nil, err
	}
	stop := expire(ctx, conn)
	client, err := s.handshake(conn, keys, identity)
	if err != nil {
		stop()
		_ = conn.Close()
		return nil, err
	}
	session, err := newSSHSession(client, s.at, stop)
	if err != nil {
		stop()
		_ = client.Close()
	}
	return session, err
}

func (s *sshConnector) close() {}

func (s *sshConnector) handshake(conn net.Conn, keys *hostKeys, identity ssh.Signer) (*ssh.Client, error) {
	config := &ssh.ClientConfig{
		User:              s.at.User.Username(),
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(identity)},
		HostKeyCallback:   keys.verify,
		HostKeyAlgorithms: keys.algorithms,
	}
	c, channels, requests, err := ssh.NewClientConn(conn, sshHost(s.at), config)
	if err != nil {
		return nil, s.refused(keys, err)
	}
	return ssh.NewClient(c, channels, requests), nil
}

// refused says why there is no connection. The text of the library's error may be the server's.
func (s *sshConnector) refused(keys *hostKeys, err error) error {
	if keys.mismatch != nil {
		return keys.mismatch
	}
	if e, ok := errors.AsType[*ssh.AlgorithmNegotiationError](err); ok {
		if e.What == "host key" {
			return keys.wrong("it has no key of the kinds that known_hosts has for it (%s)", strings.Join(keys.algorithms, ", "))
		}
		return fail(ErrUnavailable, "server offers no %s algorithm that is safe: it is too old, or set up so; have it updated", e.What)
	}
	switch text := err.Error(); {
	case strings.Contains(text, "unable to authenticate"):
		return fail(ErrAuth, "access denied (publickey): the server does not take the key of the credentials for the user %s",
			s.at.User.Username())
	case errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return fail(ErrUnavailable, "server closed the connection before it had shown its key: try again later")
	case netReason(err) != "":
		return err
	}
	return fail(ErrUnavailable, "server does not speak ssh as it should: check the address and the port")
}

// identity returns the private key.
func (c *credentials) identity() (ssh.Signer, error) {
	if !c.has(fileIdentity) {
		return nil, fail(ErrCredentials, "credentials: identity is missing, the private key for ssh")
	}
	signer, err := ssh.ParsePrivateKey([]byte(c.files[fileIdentity]))
	if _, locked := errors.AsType[*ssh.PassphraseMissingError](err); locked {
		if !c.has(filePassphrase) {
			return nil, fail(ErrCredentials, "credentials: identity has a passphrase: give it as the file passphrase")
		}
		passphrase := strings.TrimRight(c.files[filePassphrase], "\r\n")
		signer, err = ssh.ParsePrivateKeyWithPassphrase([]byte(c.files[fileIdentity]), []byte(passphrase))
	}
	switch {
	case errors.Is(err, x509.IncorrectPasswordError):
		return nil, fail(ErrCredentials, "credentials: passphrase is not that of identity")
	case err != nil:
		return nil, fail(ErrCredentials, "credentials: identity is no private key that ssh knows")
	}
	return modern(signer)
}

// modern keeps an RSA key from being used with SHA-1.
func modern(signer ssh.Signer) (ssh.Signer, error) {
	with, ok := signer.(ssh.AlgorithmSigner)
	if !ok || signer.PublicKey().Type() != ssh.KeyAlgoRSA {
		return signer, nil
	}
	return ssh.NewSignerWithAlgorithms(with, []string{ssh.KeyAlgoRSASHA512, ssh.KeyAlgoRSASHA256})
}
