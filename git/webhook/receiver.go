package webhook

import (
	"cmp"
	"context"
	"crypto/rand"
	"io"
	"net/http"
	"slices"
	"strings"
	stdsync "sync"

	"golang.org/x/sync/semaphore"
)

// Receiver answers webhooks. It is safe for concurrent use.
type Receiver struct {
	// Refused, unless nil, is told of requests that were not accepted: the first of a provider at once, those of the next
	// minute together.
	Refused func(Refusal)
	// Relay, unless nil, is given each accepted request that tells of something new, to pass it on to other replicas with
	// [Relayed]; one that has come so is not given to it. It must not block, and owns what it is given.
	Relay func(provider Provider, header http.Header, body []byte)

	mu       stdsync.RWMutex
	targets  []Target
	places   []place // of the targets
	room     *semaphore.Weighted
	turn     stdsync.Mutex // of who tries secrets
	decoy    []byte
	refusals refusals
}

// NewReceiver returns one without targets, which accepts nothing.
func NewReceiver() *Receiver {
	r := &Receiver{room: semaphore.NewWeighted(roomForBodies), decoy: make([]byte, 32)}
	_, _ = rand.Read(r.decoy) // it never fails
	return r
}

// Set makes targets those that there are.
func (r *Receiver) Set(targets []Target) {
	places := make([]place, 0, len(targets))
	for _, t := range targets {
		places = append(places, placeOf(t.Repository))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.targets, r.places = slices.Clone(targets), places
}

// Handler returns what answers POST /hooks/{provider}: 202 to what is signed, of a repository that is known or not; 401 to
// what is not; 413 to a body that is too large; 400 to one that cannot be read; 503 when too much is being read at once.
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{provider}", r.receive)
	return mux
}

func (r *Receiver) receive(w http.ResponseWriter, request *http.Request) {
	provider := Provider(request.PathValue("provider"))
	d, known := dialects[provider]
	if !known {
		http.Error(w, "no such provider; want one of "+strings.Join(Providers(), ", "), http.StatusNotFound)
		return
	}
	shown, ok := d.proof(request.Header)
	if !ok { // whoever shows nothing costs nothing
		r.refuse(w, provider, http.StatusUnauthorized, "no signature: want the header "+d.wants, nil)
		return
	}
	body, leave, status := r.read(w, request)
	defer leave()
	if body == nil {
		r.refuse(w, provider, status, texts[status], nil)
		return
	}
	trusted, err := r.trusted(provider, shown, body)
	if trusted == nil {
		r.refuse(w, provider, http.StatusUnauthorized, "wrong signature", err)
		return
	}
	event, err := d.parse(single(request.Header, d.event), body)
	if err != nil {
		r.refuse(w, provider, http.StatusBadRequest, err.Error(), nil)
		return
	}
	accept(w)
	trusted.wake(event)
	if r.Relay != nil && event.Moved && request.Header.Get(Relayed) == "" {
		r.Relay(provider, request.Header.Clone(), body)
	}
}

// Relayed is the header of a request that another replica has passed on.
const Relayed = "X-Lockstep-Relayed"

// accept answers, before anything is looked up: no answer tells whether the repository is known, nor does its time.
func accept(w http.ResponseWriter) {
	const text = "accepted\n"
	w.Header().Set("Content-Length", "9")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, text)
	_ = http.NewResponseController(w).Flush() // a writer that cannot is a test's
}

// refuse answers with a text that tells nothing but what the request itself shows. The cause is for those who run this.
func (r *Receiver) refuse(w http.ResponseWriter, provider Provider, status int, text string, cause error) {
	if status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "1")
	}
	http.Error(w, text, status)
	if r.Refused != nil {
		r.refusals.note(r.Refused, Refusal{Provider: provider, Reason: text, Err: cause})
	}
}

// trusted returns the targets that the request may wake, nil when its proof was made with no secret. All secrets of the
// provider are tried, each once and in any case; where there are none, one that nobody knows. One request is tried at a
// time, since each costs as many hashes as there are secrets, and whoever sends it need not know any. The error is of secrets
// that could not be read.
func (r *Receiver) trusted(provider Provider, shown proof, body []byte) (found targets, failed error) {
	r.mu.RLock()
	all, places := r.targets, r.places
	r.mu.RUnlock()
	r.turn.Lock()
	defer r.turn.Unlock()
	right := map[string]bool{}
	for i, t := range all {
		if t.Provider != provider {
			continue
		}
		keys, err := t.Secrets.current() // none where there is an error
		failed = cmp.Or(failed, err)
		good := false
		for _, key := range keys {
			is, tried := right[string(key)]
			if !tried {
				is = shown.by(key, body)
				right[string(key)] = is
			}
			good = is || good
		}
		if good {
			found = append(found, targeted{t, places[i]})
		}
	}
	if len(right) == 0 {
		_ = shown.by(r.decoy, body)
	}
	return found, failed
}

// acquire waits a little for room to hold a body.
func (r *Receiver) acquire(ctx context.Context, size int64) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return r.room.Acquire(ctx, size) == nil
}
