package notify

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/sync"
)

// message is what the target is told of n.
func (t Target) message(n Notice) (message, error) {
	n.Cluster = t.Cluster
	if t.onCommit() {
		return t.commitStatus(n)
	}
	address, err := t.address()
	if err != nil {
		return message{}, err
	}
	m, err := newMessage(address, t.body(n))
	if err != nil {
		return m, err
	}
	if t.URLFile != "" {
		m.secrets = secretsOf(address)
	}
	if t.Type != Webhook {
		return m, nil
	}
	m.header.Set("Content-Type", "application/cloudevents+json; charset=utf-8")
	return m, t.sign(&m)
}

// body is what a chat or a webhook is told of n.
func (t Target) body(n Notice) any {
	switch t.Type {
	case Slack:
		return map[string]any{"text": cutChat(t.text(n))}
	case Teams:
		return card(t.text(n), n)
	}
	return event(n)
}

// address is where to send, from the file if it is a secret.
func (t Target) address() (*url.URL, error) {
	if t.URLFile == "" {
		return t.parse(t.URL)
	}
	text, err := secret(t.URLFile)
	if err != nil {
		return nil, err
	}
	u, err := t.parse(text)
	if err != nil {
		return nil, &retryError{err: wrong(t.URLFile, "want an https URL")}
	}
	return u, nil
}

func newMessage(to *url.URL, body any) (message, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		return message{}, err
	}
	return message{url: to, header: http.Header{"Content-Type": {"application/json"}}, body: bytes.TrimSpace(text.Bytes())}, nil
}

// colors of an Adaptive Card.
var colors = map[sync.State]string{sync.Healthy: "Good", sync.Failed: "Attention", sync.Blocked: "Attention", sync.RolledBack: "Warning"}

// card is an Adaptive Card for a workflow of Teams.
func card(text string, n Notice) map[string]any {
	block := map[string]any{"type": "TextBlock", "text": text, "wrap": true}
	if color := colors[n.State]; color != "" {
		block["color"] = color
	}
	facts := []map[string]string{{"title": "App", "value": n.App}, {"title": "State", "value": string(n.State)}}
	if n.Cluster != "" {
		facts = append(facts, map[string]string{"title": "Cluster", "value": n.Cluster})
	}
	if !n.Revision.IsZero() {
		facts = append(facts, map[string]string{"title": "Revision", "value": n.Revision.String()})
	}
	return map[string]any{"type": "message", "attachments": []map[string]any{{
		"contentType": "application/vnd.microsoft.card.adaptive",
		"content": map[string]any{
			"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4",
			"body": []map[string]any{block, {"type": "FactSet", "facts": facts}},
		},
	}}}
}

// cloudEvent is a CloudEvent 1.0 in structured JSON.
type cloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	Type            string    `json:"type"`
	Subject         string    `json:"subject"`
	Time            time.Time `json:"time"`
	DataContentType string    `json:"datacontenttype"`
	Data            data      `json:"data"`
}

// data is what a CloudEvent says.
type data struct {
	App        string     `json:"app"`
	Cluster    string     `json:"cluster,omitempty"`
	Repository string     `json:"repository"`
	Path       string     `json:"path"`
	Namespace  string     `json:"namespace"`
	State      sync.State `json:"state"`
	Reason     string     `json:"reason,omitempty"`
	Message    string     `json:"message"`
	Advice     string     `json:"advice,omitempty"`
	Branch     string     `json:"branch,omitempty"`
	Commit     string     `json:"commit,omitempty"`
	Author     string     `json:"author,omitempty"`
	Subject    string     `json:"subject,omitempty"`
	TookMs     int64      `json:"tookMs,omitempty"`
}

func event(n Notice) cloudEvent {
	source := "/lockstep/apps/" + n.App
	if n.Cluster != "" {
		source = "/lockstep/clusters/" + n.Cluster + "/apps/" + n.App
	}
	return cloudEvent{
		SpecVersion: "1.0", ID: n.id, Source: source, Type: "dev.lockstep.app." + strings.ToLower(string(n.State)),
		Subject: n.App, Time: n.At.UTC(), DataContentType: "application/json",
		Data: data{
			App: n.App, Cluster: n.Cluster, Repository: n.Repository, Path: n.Path, Namespace: n.Namespace, State: n.State, Reason: n.Reason, Message: n.Message,
			Advice: n.Advice, Branch: n.Revision.Ref, Commit: n.Revision.Hash, Author: n.Author, Subject: n.Subject, TookMs: n.Took.Milliseconds(),
		},
	}
}

// sign adds the HMAC of the body, in the form of GitHub's.
func (t Target) sign(m *message) error {
	if t.SecretFile == "" {
		return nil
	}
	key, err := secret(t.SecretFile)
	if err != nil {
		return err
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write(m.body)
	m.header.Set("X-Signature", "sha256="+hex.EncodeToString(mac.Sum(nil)))
	m.secrets = append(m.secrets, key)
	return nil
}
