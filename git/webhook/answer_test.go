package webhook_test

import (
	"bytes"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

// TestTheAnswerIsThereBeforeAnybodyIsWoken so that its time tells nothing of whether there is anybody.
func TestTheAnswerIsThereBeforeAnybodyIsWoken(t *testing.T) {
	s, body := newStage(t, webhook.GitHub), payload(t, "github-push")
	read, target := make(chan struct{}), s.target(webhook.GitHub)
	target.Wake = func() {
		select {
		case <-read:
			s.woken.Add(1)
		case <-time.After(10 * time.Second):
			t.Error("woken before the answer was there")
		}
	}
	s.Set([]webhook.Target{target})
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header = signed(webhook.GitHub, "push", secret, body)
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusAccepted || string(text) != "accepted\n" {
		t.Errorf("answered %d %q, %v", answer.StatusCode, text, err)
	}
	if err := answer.Body.Close(); err != nil {
		t.Error(err)
	}
	close(read)
	<-s.done
	if n := s.woken.Load(); n != 1 {
		t.Errorf("woken %d times", n)
	}
}

// TestAWebhookThatIsSentAgainIsAnsweredAsBefore and leads to no more than another look.
func TestAWebhookThatIsSentAgainIsAnsweredAsBefore(t *testing.T) {
	for _, d := range pushes {
		s, body := newStage(t, d.provider), payload(t, d.file)
		for range 3 {
			s.wants(http.StatusAccepted, 1, body, signed(d.provider, d.event, secret, body))
		}
	}
}
