package webhook_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

// hinted sends a hint to the stage, and wants the status, and as many to be woken.
func (s *stage) hinted(status, woken int, hint webhook.Hint) {
	s.Helper()
	url := s.url
	defer func() { s.url = url }()
	s.url = url[:strings.Index(url, "/hooks/")] + webhook.HintPath + string(hint.Provider)
	s.wants(status, woken, hint.Body, http.Header{webhook.HintSignature: {hint.Signatures}})
}

// relayed are the hints that a stage has for others.
func (s *stage) relayed() <-chan webhook.Hint {
	hints := make(chan webhook.Hint, 8)
	s.Relay = func(hint webhook.Hint) { hints <- hint }
	return hints
}

func TestEachProvidersPushWakesOtherReplicasWithoutItsSecret(t *testing.T) {
	for _, push := range pushes {
		t.Run(push.file, func(t *testing.T) {
			standby, leader := newStage(t, push.provider), newStage(t, push.provider)
			hints, further := standby.relayed(), leader.relayed()
			body, err := os.ReadFile(filepath.Join("testdata", push.file+".json"))
			if err != nil {
				t.Fatal(err)
			}
			standby.wants(http.StatusAccepted, 1, body, signed(push.provider, push.event, secret, body))
			hint := <-hints
			if strings.Contains(string(hint.Body)+hint.Signatures, secret) || len(hint.Body) > 1<<10 {
				t.Errorf("the hint is %s %s", hint.Body, hint.Signatures)
			}
			leader.hinted(http.StatusAccepted, 1, hint)
			leader.hinted(http.StatusUnauthorized, 0, hint) // again
			if len(further) > 0 {
				t.Error("a hint is passed on")
			}
		})
	}
}

func TestAHintIsOfNowAndOfSomebodyWhoKnowsTheSecret(t *testing.T) {
	s := newStage(t, webhook.Generic)
	s.Set([]webhook.Target{s.target(webhook.Generic), s.target(webhook.Azure)})
	sent := func(provider webhook.Provider, key, nonce string, age time.Duration) webhook.Hint {
		hint, err := webhook.NewHint(provider, address, key, nonce, time.Now().Add(-age))
		if err != nil {
			t.Fatal(err)
		}
		return hint
	}
	s.hinted(http.StatusAccepted, 1, sent(webhook.Generic, secret, "a", 10*time.Second))
	s.hinted(http.StatusUnauthorized, 0, sent(webhook.Generic, secret, "a", 0))
	s.hinted(http.StatusUnauthorized, 0, sent(webhook.Generic, secret, "", 0))
	s.hinted(http.StatusUnauthorized, 0, sent(webhook.Generic, secret, "b", time.Hour))
	s.hinted(http.StatusUnauthorized, 0, sent(webhook.Generic, secret, "c", -time.Hour))
	s.hinted(http.StatusUnauthorized, 0, sent(webhook.Generic, "another secret of its length", "d", 0))
	other := sent(webhook.Generic, secret, "e", 0)
	other.Provider = webhook.Azure
	s.hinted(http.StatusUnauthorized, 0, other)
	altered := sent(webhook.Generic, secret, "f", 0)
	altered.Body = append(altered.Body, ' ')
	s.hinted(http.StatusUnauthorized, 0, altered)
	unsigned := sent(webhook.Generic, secret, "g", 0)
	unsigned.Signatures = ""
	s.hinted(http.StatusUnauthorized, 0, unsigned)
	unknown := sent("svn", secret, "h", 0)
	s.hinted(http.StatusNotFound, 0, unknown)
}

// TestAWebhookIsNoHintAndAHintNoWebhook is about the signatures: that of one is worth nothing for the other.
func TestAWebhookIsNoHintAndAHintNoWebhook(t *testing.T) {
	s := newStage(t, webhook.Generic)
	hints := s.relayed()
	body := []byte(`{"repository": "` + address + `"}`)
	header := signed(webhook.Generic, "", secret, body)
	s.wants(http.StatusAccepted, 1, body, header)
	hint := <-hints
	s.hinted(http.StatusUnauthorized, 0, webhook.Hint{
		Provider: webhook.Generic, Body: body, Signatures: strings.TrimPrefix(header.Get("X-Signature"), "sha256="),
	})
	s.wants(http.StatusUnauthorized, 0, hint.Body, http.Header{"X-Signature": {"sha256=" + hint.Signatures}})
}
