package webhook

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	stdsync "sync"
	"time"
)

const (
	// HintPath is where a [Hint] is sent to, with the provider behind it.
	HintPath = "/hints/"
	// HintSignature is the header of its signatures.
	HintSignature = "X-Lockstep-Hint"

	// hintLife is how far the clocks of two replicas, and the way between them, may be apart.
	hintLife = time.Minute
	// mostHints is how many are remembered, so that none is taken twice. Only who knows a secret can send one.
	mostHints = 10_000
)

// Hint is what one replica tells another of a webhook that it has verified: which repository and refs may have moved. It is
// signed with keys that are made of the secrets which the webhook was signed with, and that tell nothing of these: neither a
// secret nor a payload goes from one to the other.
type Hint struct {
	Provider   Provider
	Body       []byte
	Signatures string // for the header
}

// told is the body of a hint.
type told struct {
	Repositories []string  `json:"repositories,omitempty"`
	Refs         []string  `json:"refs,omitempty"`
	At           time.Time `json:"at"`
	Nonce        string    `json:"nonce"` // different in each
}

// hintOf returns what to tell others of an event that was signed with the secrets.
func hintOf(provider Provider, event Event, secrets [][]byte) (Hint, error) {
	return told{Repositories: event.Repositories, Refs: event.Refs, At: time.Now().UTC(), Nonce: rand.Text()}.signed(provider, secrets)
}

func (t told) signed(provider Provider, secrets [][]byte) (Hint, error) {
	body, err := json.Marshal(t)
	if err != nil {
		return Hint{}, err
	}
	var signatures []string
	for _, secret := range secrets[:min(len(secrets), maxDigests)] {
		mac := hmac.New(sha256.New, hintKey(secret))
		_, _ = mac.Write([]byte(hintPrefix(provider)))
		_, _ = mac.Write(body)
		signatures = append(signatures, hex.EncodeToString(mac.Sum(nil)))
	}
	return Hint{Provider: provider, Body: body, Signatures: strings.Join(signatures, " ")}, nil
}

// hintPrefix is signed in front of a body: a hint about one provider is none about another.
func hintPrefix(provider Provider) string { return string(provider) + "." }

// hintKey is the key of hints that a secret makes.
func hintKey(secret []byte) []byte {
	key, err := hkdf.Key(sha256.New, secret, nil, "lockstep.dev/webhook-hint/v1", sha256.Size)
	if err != nil { // it has no other cause than a length that is too large
		panic(err)
	}
	return key
}

// ofHint reads what the headers of a hint show.
func ofHint(provider Provider) func(http.Header) (proof, bool) {
	return func(header http.Header) (proof, bool) {
		p := proof{before: hintPrefix(provider), hint: true}
		for text := range strings.FieldsSeq(single(header, HintSignature)) {
			digest, err := hex.DecodeString(text)
			if err == nil && len(digest) == sha256.Size && len(p.digests) < maxDigests {
				p.digests = append(p.digests, digest)
			}
		}
		return p, len(p.digests) > 0
	}
}

// hinted answers a hint of another replica, which is passed on to nobody.
func (r *Receiver) hinted(w http.ResponseWriter, request *http.Request) {
	provider := Provider(request.PathValue("provider"))
	if _, known := dialects[provider]; !known {
		http.Error(w, "no such provider", http.StatusNotFound)
		return
	}
	from, body, leave := r.admit(w, request, provider, ofHint(provider), HintSignature)
	defer leave()
	if from == nil {
		return
	}
	var hint told
	if err := json.Unmarshal(body, &hint); err != nil {
		r.refuse(w, provider, http.StatusBadRequest, "not a hint", nil)
		return
	}
	if !r.hints.isNew(hint, time.Now()) {
		r.refuse(w, provider, http.StatusUnauthorized, "a hint that is not of now, or was taken before", nil)
		return
	}
	accept(w)
	from.targets.wake(Event{Moved: true, Repositories: hint.Repositories, Refs: hint.Refs})
}

// hints are those that were taken, each until it would be too old anyway.
type hints struct {
	mu    stdsync.Mutex
	taken map[string]time.Time // by nonce
}

// isNew reports whether a hint is of now and was not taken before, and takes it.
func (h *hints) isNew(hint told, now time.Time) bool {
	if age := now.Sub(hint.At); age > hintLife || age < -hintLife || hint.Nonce == "" {
		return false
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if _, before := h.taken[hint.Nonce]; before {
		return false
	}
	if len(h.taken) >= mostHints {
		for nonce, at := range h.taken {
			if now.Sub(at) > hintLife {
				delete(h.taken, nonce)
			}
		}
	}
	if len(h.taken) >= mostHints {
		return false
	}
	if h.taken == nil {
		h.taken = map[string]time.Time{}
	}
	h.taken[hint.Nonce] = hint.At
	return true
}
