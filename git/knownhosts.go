package git

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/skeema/knownhosts"
	"golang.org/x/crypto/ssh"
	xknownhosts "golang.org/x/crypto/ssh/knownhosts"
)

// hostKeys are the keys by which a server is known.
type hostKeys struct {
	name       string // of the server, for people
	algorithms []string
	check      ssh.HostKeyCallback
	mismatch   error // why the server's key was refused
}

// hostKeys reads known_hosts for one server. No server is known without it, so that none is asked whom nobody has checked.
func (c *credentials) hostKeys(u *url.URL) (*hostKeys, error) {
	k := &hostKeys{name: u.Hostname()}
	if !c.has(fileKnownHosts) {
		return nil, k.wrong("known_hosts is missing from the credentials: put in it what ssh-keyscan prints, once you have " +
			"compared that with what the server's owner publishes")
	}
	db, err := knownHosts(c.dir)
	if err != nil {
		return nil, err
	}
	k.check = db.HostKeyCallback()
	k.algorithms = slices.DeleteFunc(db.HostKeyAlgorithms(sshHost(u)), outdated)
	if len(k.algorithms) == 0 {
		return nil, k.wrong("known_hosts has no key of it, as %s", xknownhosts.Normalize(sshHost(u)))
	}
	return k, nil
}

// knownHosts reads the file where it is, the only way in that the library has.
func knownHosts(dir string) (*knownhosts.HostKeyDB, error) {
	name := filepath.Join(dir, fileKnownHosts)
	db, err := knownhosts.NewDB(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fail(ErrCredentials, "credentials: they were replaced while they were read")
	case err != nil:
		// The library's error may quote the line, and somebody may have put a key in the wrong file.
		return nil, fail(ErrCredentials, "credentials: known_hosts has a line that cannot be read%s: it names no host and key, is cut short, "+
			"or its key is of a kind that is not supported; take it out", lineIn(err, name))
	}
	return db, nil
}

// numbered is what the library writes behind the name of the file where it cannot read a line.
var numbered = regexp.MustCompile(`^:([0-9]+): `)

// lineIn says which line of the file an error is about, for the middle of a sentence, if the error says so.
func lineIn(err error, file string) string {
	found := numbered.FindStringSubmatch(strings.TrimPrefix(err.Error(), "knownhosts: "+file))
	if found == nil {
		return ""
	}
	return ", line " + found[1]
}

// outdated says that an algorithm rests on SHA-1 or DSA, with a certificate or without; an RSA key has others.
func outdated(algorithm string) bool {
	return strings.HasPrefix(algorithm, ssh.KeyAlgoRSA) || strings.HasPrefix(algorithm, "ssh-dss")
}

// verify is an ssh.HostKeyCallback, and keeps what it answers: the library wraps that beyond recognition.
func (k *hostKeys) verify(host string, remote net.Addr, key ssh.PublicKey) error {
	err := k.check(host, remote, key)
	_, revoked := errors.AsType[*xknownhosts.RevokedError](err)
	switch {
	case err == nil:
		return nil
	case revoked:
		k.mismatch = k.wrong("known_hosts says that its key %s is revoked", ssh.FingerprintSHA256(key))
	default:
		k.mismatch = k.wrong("it shows the key %s, which is none that known_hosts has for it: somebody may be in between, or "+
			"the key was changed; if so, put the new one into known_hosts", ssh.FingerprintSHA256(key))
	}
	return k.mismatch
}

func (k *hostKeys) wrong(format string, args ...any) error {
	return fail(ErrHostKey, "host key mismatch for %s: %s", k.name, fmt.Sprintf(format, args...))
}
