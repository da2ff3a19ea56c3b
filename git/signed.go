package git

import (
	"bytes"
	"strings"
)

const (
	pgpBegin = "-----BEGIN PGP SIGNATURE-----"
	pgpEnd   = "-----END PGP SIGNATURE-----"
	sshBegin = "-----BEGIN SSH SIGNATURE-----"
	sshEnd   = "-----END SSH SIGNATURE-----"
	begin    = "-----BEGIN "
	// x509Begin begins what gpgsm makes, and smimesign.
	x509Begin = "-----BEGIN SIGNED MESSAGE-----"
)

// signed is a commit or a tag taken apart into what was signed and the signature of it, nil for none.
type signed struct {
	payload, signature []byte
}

var errSignatures = fail(ErrSignature, "it holds more than one signature")

// splitCommit takes the signature out of a commit, which is a header called gpgsig whose further lines begin with a space;
// all else was signed, byte for byte. Git takes further such headers out as well, so that nobody could tell what was signed by
// whom: they are refused.
func splitCommit(content []byte) (signed, error) {
	var s signed
	var within bool
	head, body := splitHeader(content)
	for line := range bytes.Lines(head) {
		name, text, _ := bytes.Cut(line, []byte(" "))
		switch {
		case within && line[0] == ' ':
			s.signature = append(s.signature, line[1:]...)
			continue
		case bytes.HasPrefix(name, []byte("gpgsig")):
			if s.signature != nil || string(name) != "gpgsig" {
				return signed{}, errSignatures
			}
			within = true
			s.signature = append([]byte{}, text...)
			continue
		}
		within = false
		s.payload = append(s.payload, line...)
	}
	s.payload = append(s.payload, body...)
	return s, nil
}

// splitTag takes the signature off the end of a tag: from the last line that begins one.
func splitTag(content []byte) (signed, error) {
	head, _ := splitHeader(content)
	if bytes.HasPrefix(head, []byte("gpgsig")) || bytes.Contains(head, []byte("\ngpgsig")) {
		return signed{}, errSignatures
	}
	at := len(content)
	for offset := len(head); offset < len(content); {
		if line := content[offset:]; bytes.HasPrefix(line, []byte(begin)) {
			at = offset
		}
		next := bytes.IndexByte(content[offset:], '\n')
		if next < 0 {
			break
		}
		offset += next + 1
	}
	if at == len(content) {
		return signed{payload: content}, nil
	}
	return signed{payload: content[:at], signature: content[at:]}, nil
}

// splitHeader returns the lines before the first empty one, and all from that on.
func splitHeader(content []byte) (head, body []byte) {
	if end := bytes.Index(content, []byte("\n\n")); end >= 0 {
		return content[:end+1], content[end+1:]
	}
	return content, nil
}

// armored returns the text of a signature that is one block from beginning to end, with nothing around it that nobody signed.
func armored(signature []byte, begin, end string) (string, bool) {
	text := strings.TrimRight(strings.ReplaceAll(string(signature), "\r\n", "\n"), "\n")
	whole := strings.HasPrefix(text, begin+"\n") && strings.HasSuffix(text, "\n"+end)
	return text + "\n", whole && strings.Count(text, "-----") == 4
}
