package git

import (
	"bufio"
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ProtonMail/go-crypto/openpgp"
	"github.com/ProtonMail/go-crypto/openpgp/armor"
	pgperrors "github.com/ProtonMail/go-crypto/openpgp/errors"
	"github.com/ProtonMail/go-crypto/openpgp/packet"
)

// soundHashes are those that a signature may be made over.
var soundHashes = []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512, crypto.SHA3_256, crypto.SHA3_512}

var errNoKey = errors.New("it holds no public key that can be read")

// addArmored takes each block of a text.
func (k *keys) addArmored(content []byte) error {
	const block = begin + "PGP PUBLIC KEY BLOCK-----"
	blocks := strings.Split(string(content), block)
	if len(blocks) == 1 || strings.Contains(strings.Join(blocks, ""), begin) {
		return errNoKey
	}
	for _, text := range blocks[1:] {
		decoded, err := armor.Decode(bufio.NewReader(strings.NewReader(block + text)))
		if err != nil {
			return errNoKey
		}
		if err := k.addOpenPGP(decoded.Body); err != nil {
			return err
		}
	}
	return nil
}

func (k *keys) addOpenPGP(packets io.Reader) error {
	entities, err := openpgp.ReadKeyRing(packets)
	if err != nil || len(entities) == 0 {
		return errNoKey
	}
	for _, e := range entities {
		if e.PrivateKey != nil {
			return errors.New("it holds a private key: only public ones belong there")
		}
	}
	k.openPGP = append(k.openPGP, entities...)
	return nil
}

// checkOpenPGP returns the key whose signature it is. It looks at each copy of the key: one that is revoked in any of them is.
func (k *keys) checkOpenPGP(s signed) (string, error) {
	sig, packed, err := parseOpenPGP(s.signature)
	if err != nil {
		return "", err
	}
	id := fmt.Sprintf("OpenPGP key %X", *sig.IssuerKeyId)
	signer, failed := "", error(nil)
	for _, e := range k.openPGP {
		_, err := openpgp.CheckDetachedSignature(openpgp.EntityList{e}, bytes.NewReader(s.payload), bytes.NewReader(packed), &packet.Config{})
		switch {
		case err == nil:
			signer = fmt.Sprintf("OpenPGP key %X%s", e.PrimaryKey.Fingerprint, owner(e))
		case !errors.Is(err, pgperrors.ErrUnknownIssuer):
			failed = err
		}
	}
	switch {
	case failed != nil:
		return "", fail(ErrSignature, "its signature by the %s is refused: %s", id, pgpReason(failed))
	case signer == "":
		return "", fail(ErrSignature, "it is signed with the %s, which is not among the trusted keys", id)
	}
	return signer, nil
}

// parseOpenPGP reads a signature of the exact bytes of something.
func parseOpenPGP(signature []byte) (sig *packet.Signature, packed []byte, err error) {
	malformed := fail(ErrSignature, "its OpenPGP signature is malformed")
	text, whole := armored(signature, pgpBegin, pgpEnd)
	if !whole {
		return nil, nil, malformed
	}
	block, err := armor.Decode(strings.NewReader(text))
	if err != nil {
		return nil, nil, malformed
	}
	if packed, err = io.ReadAll(block.Body); err != nil {
		return nil, nil, malformed
	}
	packets := packet.NewReader(bytes.NewReader(packed))
	first, err := packets.Next()
	sig, ok := first.(*packet.Signature)
	if err != nil || !ok || sig.IssuerKeyId == nil {
		return nil, nil, malformed
	}
	if _, err := packets.Next(); !errors.Is(err, io.EOF) {
		return nil, nil, errSignatures
	}
	if sig.SigType != packet.SigTypeBinary || !slices.Contains(soundHashes, sig.Hash) {
		return nil, nil, fail(ErrSignature, "its OpenPGP signature is of a kind that is not trusted: want a binary one with SHA-256 or better")
	}
	return sig, packed, nil
}

func pgpReason(err error) string {
	switch {
	case errors.Is(err, pgperrors.ErrKeyRevoked):
		return "the key is revoked"
	case errors.Is(err, pgperrors.ErrKeyExpired):
		return "the key has expired"
	case errors.Is(err, pgperrors.ErrSignatureExpired):
		return "the signature has expired"
	}
	return "it does not match"
}

// owner says whose key it is, as the key says.
func owner(e *openpgp.Entity) string {
	identity := e.PrimaryIdentity()
	if identity == nil {
		return ""
	}
	return " (" + printable(identity.Name) + ")"
}
