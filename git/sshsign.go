package git

import (
	"bytes"
	"fmt"
	"time"

	"github.com/hiddeco/sshsig"
	"golang.org/x/crypto/ssh"
)

// checkSSH returns the key whose signature it is.
func (k *keys) checkSSH(s signed, now time.Time) (string, error) {
	malformed := fail(ErrSignature, "its SSH signature is malformed")
	text, whole := armored(s.signature, sshBegin, sshEnd)
	if !whole {
		return "", malformed
	}
	sig, err := sshsig.Unarmor([]byte(text))
	if err != nil {
		return "", malformed
	}
	if certificate, is := sig.PublicKey.(*ssh.Certificate); is {
		return "", fail(ErrSignature, "it is signed with a certificate of the SSH key %s, which is not supported: "+
			"sign with the key itself (git config user.signingKey), and put that among the trusted keys", ssh.FingerprintSHA256(certificate.Key))
	}
	id := "SSH key " + ssh.FingerprintSHA256(sig.PublicKey)
	failed := "which is not among the trusted keys"
	for _, key := range k.ssh {
		if !key.is(sig.PublicKey) {
			continue
		}
		switch {
		case key.forOther:
			failed = "which may not sign for git"
		case !key.from.IsZero() && now.Before(key.from):
			failed = "which is not valid yet"
		case !key.until.IsZero() && !now.Before(key.until):
			failed = "which has expired"
		case sig.Signature.Format == ssh.KeyAlgoRSA: // over SHA-1
			return "", fail(ErrSignature, "its signature by the %s is refused: it is made over SHA-1", id)
		case sshsig.Verify(bytes.NewReader(s.payload), sig, key.PublicKey, sig.HashAlgorithm, sshNamespace) != nil:
			return "", fail(ErrSignature, "its signature by the %s is refused: it does not match", id)
		default:
			return id + remark(key.comment), nil
		}
	}
	return "", fail(ErrSignature, "it is signed with the %s, %s", id, failed)
}

func remark(comment string) string {
	if comment == "" {
		return ""
	}
	return fmt.Sprintf(" (%s)", printable(comment))
}
