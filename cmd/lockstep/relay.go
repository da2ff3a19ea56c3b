package main

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"slices"
	"time"

	"go.uber.org/zap"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

const (
	relayTimeout = 5 * time.Second
	// relays is to how many replicas webhooks are passed on at once: several webhooks to as many replicas as can keep apps. What
	// comes in beyond is not, and found at the interval.
	relays = 8 * mostShards
)

// relay tells the replicas that keep the apps of webhooks: a Service brings these to any one. What is sent is a hint that is
// signed, in plain HTTP, to whatever address the Lease of a replica names: it holds no secret and nothing of the payload but the
// addresses of the repository and its refs.
type relay struct {
	keepers func() []netip.AddrPort
	again   time.Duration // until who keeps the apps is known that did so when a webhook came
	client  *http.Client
	room    chan struct{}
	log     *zap.Logger
}

// relayTo has whoever keepers says told of what is received here, and whoever it says in addition after a while: what it says
// may be that late.
func (h *hooks) relayTo(keepers func() []netip.AddrPort, late time.Duration) {
	if h == nil {
		return
	}
	r := &relay{keepers: keepers, again: late, room: make(chan struct{}, relays), log: h.log, client: clientOfPeers(relayTimeout)}
	h.receiver.Relay = r.pass
}

// address is where other replicas reach the webhooks of this one.
func (h *hooks) address() netip.AddrPort {
	if h == nil {
		return netip.AddrPort{}
	}
	return reachable(h.listener)
}

// pass sends a hint to all of them, and does not wait for it.
func (r *relay) pass(hint webhook.Hint) {
	told := r.keepers()
	r.tell(hint, told)
	time.AfterFunc(r.again, func() {
		r.tell(hint, slices.DeleteFunc(r.keepers(), func(at netip.AddrPort) bool { return slices.Contains(told, at) }))
	})
}

func (r *relay) tell(hint webhook.Hint, all []netip.AddrPort) {
	for _, at := range all {
		select {
		case r.room <- struct{}{}:
		default:
			return
		}
		go func() {
			defer func() { <-r.room }()
			if err := r.send(at, hint); err != nil {
				r.log.Warn("webhook is not passed on", zap.Stringer("replica", at), zap.Error(err))
			}
		}()
	}
}

func (r *relay) send(at netip.AddrPort, hint webhook.Hint) error {
	url := "http://" + at.String() + webhook.HintPath + string(hint.Provider)
	request, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(hint.Body))
	if err != nil {
		return err
	}
	request.Header.Set(webhook.HintSignature, hint.Signatures)
	request.Header.Set("Content-Type", "application/json")
	answer, err := r.client.Do(request)
	if err != nil {
		return err
	}
	if answer.StatusCode != http.StatusAccepted {
		err = fmt.Errorf("it answered %d %s", answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	return errors.Join(err, answer.Body.Close())
}
