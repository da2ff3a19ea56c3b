package config

import (
	"path/filepath"

	"github.com/lockstep-dev/lockstep/git/webhook"
)

// provider returns the name of a sender of webhooks; an empty text is none.
func (v value) provider() string {
	if text, ok := v.text(); ok && text == "" {
		return ""
	}
	return v.oneOf(webhook.Providers()...)
}

// hooked checks what webhooks need: none is accepted that is not signed, and a folder has nobody to send any.
func (e *entry) hooked(r Repository) {
	switch {
	case e.refused(), r.WebhookProvider == "" && r.WebhookSecrets == "":
	case r.WebhookProvider == "":
		e.fail(e.lineOf("webhook.secretFile"), "webhook.provider: missing")
	case r.WebhookSecrets == "":
		e.fail(e.lineOf("webhook.provider"), "webhook.secretFile: missing; a webhook has to be signed")
	case filepath.IsAbs(r.URL):
		e.fail(e.lineOf("webhook.provider"), "webhook: goes with a remote; a folder's files are watched")
	}
}
