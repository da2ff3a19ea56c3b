package git

import (
	"bytes"
	"crypto/rsa"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

const (
	// sshNamespace is what git signs for.
	sshNamespace = "git"
	// leastRSA is how long an RSA key is at least, in bits.
	leastRSA = 2048
)

// sshKey is a public key, with the bounds that its line in a file of allowed signers sets.
type sshKey struct {
	ssh.PublicKey
	comment     string
	from, until time.Time // zero for no bound
	forOther    bool      // it may sign other things, but not for git
}

// addSSH takes lines as in a .pub file, or in one of allowed signers as ssh-keygen has it. Who it is that signs matters in
// neither: a key is trusted or it is not.
func (k *keys) addSSH(content []byte) error {
	found := false
	for line := range strings.Lines(string(content)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		key, err := parseSSHLine(line)
		if err != nil {
			return err
		}
		k.ssh = append(k.ssh, key)
		found = true
	}
	if !found {
		return errNoKey
	}
	return nil
}

func parseSSHLine(line string) (sshKey, error) {
	parsed, comment, options, _, err := ssh.ParseAuthorizedKey([]byte(line))
	if first, _, _ := strings.Cut(line, " "); err != nil || first != parsed.Type() {
		parsed, comment, options, _, err = ssh.ParseAuthorizedKey([]byte(afterPrincipals(line)))
	}
	if err != nil {
		return sshKey{}, errNoKey
	}
	key := sshKey{PublicKey: parsed, comment: comment}
	for _, option := range options {
		if err := key.option(option); err != nil {
			return sshKey{}, err
		}
	}
	return key, key.strong()
}

// afterPrincipals returns a line of allowed signers without those whom the key is of, which may be in quotes.
func afterPrincipals(line string) string {
	end := " "
	if strings.HasPrefix(line, `"`) {
		line, end = line[1:], `"`
	}
	_, rest, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), end)
	return strings.TrimSpace(rest)
}

// option takes an option of a line. One that is not known could be a bound, so it is refused.
func (k *sshKey) option(text string) (err error) {
	name, value, _ := strings.Cut(text, "=")
	value = strings.Trim(value, `"`)
	switch strings.ToLower(name) {
	case "namespaces":
		k.forOther = !forGit(value)
	case "valid-after":
		k.from, err = sshTime(value)
	case "valid-before":
		k.until, err = sshTime(value)
	case "cert-authority":
		err = errors.New("certificate authorities are not supported: name the keys themselves")
	default:
		err = fmt.Errorf("option %q is not supported", printable(name))
	}
	return err
}

// forGit reports whether one of the patterns is git's, and none says otherwise.
func forGit(patterns string) bool {
	matched := false
	for pattern := range strings.SplitSeq(patterns, ",") {
		pattern, negated := strings.CutPrefix(pattern, "!")
		if ok, err := path.Match(pattern, sshNamespace); err != nil || ok && negated {
			return false
		} else if ok {
			matched = true
		}
	}
	return matched
}

// sshTime reads 20260102, 202601020304 or 20260102030405, which a Z makes UTC.
func sshTime(text string) (time.Time, error) {
	digits, utc := strings.CutSuffix(text, "Z")
	zone := time.Local
	if utc {
		zone = time.UTC
	}
	for _, layout := range []string{"20060102", "200601021504", "20060102150405"} {
		if len(layout) == len(digits) {
			return time.ParseInLocation(layout, digits, zone)
		}
	}
	return time.Time{}, errors.New("a time that is none: want 20260102, or 202601020304Z")
}

// strong refuses keys that are too weak to vouch for anything, and certificates.
func (k *sshKey) strong() error {
	if _, is := k.PublicKey.(*ssh.Certificate); is {
		return errors.New("certificates are not supported: name the key itself")
	}
	crypted, ok := k.PublicKey.(ssh.CryptoPublicKey)
	if !ok || k.Type() == ssh.InsecureKeyAlgoDSA { //nolint:staticcheck // to refuse it
		return errors.New("a key of its kind is not supported")
	}
	if key, is := crypted.CryptoPublicKey().(*rsa.PublicKey); is && key.N.BitLen() < leastRSA {
		return fmt.Errorf("an RSA key of less than %d bits is not trusted", leastRSA)
	}
	return nil
}

// is reports whether it is the other key.
func (k *sshKey) is(other ssh.PublicKey) bool { return bytes.Equal(k.Marshal(), other.Marshal()) }
