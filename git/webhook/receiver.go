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
	// Relay, unless nil, is given what accepted requests tell that is new, to send it to other replicas. It must not block.
	Relay func(Hint)

	mu       stdsync.RWMutex
	targets  []Target
	places   []place // of the targets
	room     *semaphore.Weighted
	turn     stdsync.Mutex // of who tries secrets
	decoy    []byte
	refusals refusals
	hints    hints
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
// what is not; 413 to a body that is too large; 400 to one that cannot be read; 503 when too much is being read at once. And it
// answers the hints of other replicas, at [HintPath].
func (r *Receiver) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /hooks/{provider}", r.receive)
	mux.HandleFunc("POST "+HintPath+"{provider}", r.hinted)
	return mux
}

func (r *Receiver) receive(w http.ResponseWriter, request *http.Request) {
	provider := Provider(request.PathValue("provider"))
	d, known := dialects[provider]
	if !known {
		http.Error(w, "no such provider; want one of "+strings.Join(Providers(), ", "), http.StatusNotFound)
		return
	}
	from, body, leave := r.admit(w, request, provider, d.proof, d.wants)
	defer leave()
	if from == nil {
		return
	}
	event, err := d.parse(single(request.Header, d.event), body)
	if err != nil {
		r.refuse(w, provider, http.StatusBadRequest, err.Error(), nil)
		return
	}
	accept(w)
	from.targets.wake(event)
	if r.Relay == nil || !event.Moved {
		return
	}
	if hint, err := hintOf(provider, event, from.secrets); err == nil { // it is of texts alone
		r.Relay(hint)
	}
}

// sender is who has signed a request, as far as that is known: somebody who knows the secrets, which are those of the targets.
type sender struct {
	targets targets
	secrets [][]byte
}

// admit returns who has sent a request, and its body, which is let go of by leave. It answers itself, and returns nobody,
// where the request is not signed by anybody who is known.
func (r *Receiver) admit(w http.ResponseWriter, request *http.Request, provider Provider, show func(http.Header) (proof, bool), wants string) (
	from *sender, body []byte, leave func(),
) {
	shown, ok := show(request.Header)
	if !ok { // whoever shows nothing costs nothing
		r.refuse(w, provider, http.StatusUnauthorized, "no signature: want the header "+wants, nil)
		return nil, nil, func() {}
	}
	body, leave, status := r.read(w, request)
	if body == nil {
		r.refuse(w, provider, status, texts[status], nil)
		return nil, nil, leave
	}
	from, err := r.trusted(provider, shown, body)
	if from == nil {
		r.refuse(w, provider, http.StatusUnauthorized, "wrong signature", err)
	}
	return from, body, leave
}

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

// trusted returns whose targets the request may wake, nil when its proof was made with no secret. All secrets of the
// provider are tried, each once and in any case; where there are none, one that nobody knows. One request is tried at a
// time, since each costs as many hashes as there are secrets, and whoever sends it need not know any. The error is of secrets
// that could not be read.
func (r *Receiver) trusted(provider Provider, shown proof, body []byte) (from *sender, failed error) {
	r.mu.RLock()
	all, places := r.targets, r.places
	r.mu.RUnlock()
	r.turn.Lock()
	defer r.turn.Unlock()
	right, found := map[string]bool{}, sender{}
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
				if is {
					found.secrets = append(found.secrets, key)
				}
			}
			good = is || good
		}
		if good {
			found.targets = append(found.targets, targeted{t, places[i]})
		}
	}
	if len(right) == 0 {
		_ = shown.by(r.decoy, body)
	}
	if found.targets == nil {
		return nil, failed
	}
	return &found, failed
}

// acquire waits a little for room to hold a body.
func (r *Receiver) acquire(ctx context.Context, size int64) bool {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	return r.room.Acquire(ctx, size) == nil
}
