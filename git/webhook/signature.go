package webhook

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"
)

// azureToken is the header that Azure DevOps can be told to send, in place of a password.
const azureToken = "X-Lockstep-Token"

// proof is what a request shows to come from somebody who knows a secret: digests of the body, or the secret itself.
type proof struct {
	digests  [][]byte // HMAC-SHA256; one of them has to be right
	before   string   // what was signed with the body, in front of it
	standard bool     // secrets are written as in the Standard Webhooks specification
	hint     bool     // the key is the one of hints
	token    []byte   // the hash of the secret; nil where there are digests
}

// maxDigests is how many digests of one request are looked at.
const maxDigests = 4

// by reports whether the proof was made with the secret. How long it takes tells nothing of the secret.
func (p proof) by(secret, body []byte) bool {
	if p.token != nil {
		sum := sha256.Sum256(secret)
		return hmac.Equal(sum[:], p.token)
	}
	mac := hmac.New(sha256.New, p.key(secret))
	_, _ = mac.Write([]byte(p.before))
	_, _ = mac.Write(body)
	sum, right := mac.Sum(nil), false
	for _, digest := range p.digests {
		right = hmac.Equal(sum, digest) || right
	}
	return right
}

// standardSecret begins a secret of the Standard Webhooks specification; the rest is the key in base64.
const standardSecret = "whsec_"

func (p proof) key(secret []byte) []byte {
	if p.hint {
		return hintKey(secret)
	}
	text, found := strings.CutPrefix(string(secret), standardSecret)
	if !p.standard || !found {
		return secret
	}
	key, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return secret
	}
	return key
}

// single returns a header that is there once.
func single(header http.Header, name string) string {
	if values := header.Values(name); len(values) == 1 {
		return values[0]
	}
	return ""
}

// digestIn reads a digest in hexadecimal digits. Other algorithms, such as sha1=, have another prefix or length.
func digestIn(name, prefix string) func(http.Header) (proof, bool) {
	return func(header http.Header) (proof, bool) {
		text, found := strings.CutPrefix(single(header, name), prefix)
		digest, err := hex.DecodeString(text)
		if !found || err != nil || len(digest) != sha256.Size {
			return proof{}, false
		}
		return proof{digests: [][]byte{digest}}, true
	}
}

// ofGitLab prefers the signature over the token, which GitLab sends as it is.
func ofGitLab(header http.Header) (proof, bool) {
	if len(header.Values("Webhook-Signature")) == 0 {
		return ofToken(single(header, "X-Gitlab-Token"))
	}
	id, at := single(header, "Webhook-Id"), single(header, "Webhook-Timestamp")
	p := proof{before: id + "." + at + ".", standard: true}
	for text := range strings.FieldsSeq(single(header, "Webhook-Signature")) {
		text, found := strings.CutPrefix(text, "v1,")
		digest, err := base64.StdEncoding.DecodeString(text)
		if found && err == nil && len(digest) == sha256.Size && len(p.digests) < maxDigests {
			p.digests = append(p.digests, digest)
		}
	}
	return p, len(p.digests) > 0 && id != "" && at != ""
}

// ofAzure reads the password, of whatever user, or the header that stands in for it. Azure DevOps signs nothing.
func ofAzure(header http.Header) (proof, bool) {
	request := http.Request{Header: header}
	if _, password, ok := request.BasicAuth(); ok && single(header, "Authorization") != "" {
		return ofToken(password)
	}
	return ofToken(single(header, azureToken))
}

func ofToken(text string) (proof, bool) {
	if text == "" {
		return proof{}, false
	}
	sum := sha256.Sum256([]byte(text))
	return proof{token: sum[:]}, true
}
