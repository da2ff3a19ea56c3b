package redact

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	// Longest is how many bytes of a text are kept.
	Longest = 8 << 10
	// most is how many bytes a text may have of which anything is shown: to find secrets, all of it has to be read.
	most = 256 << 10

	hidden = "***"
	// cut stands in place of what a rule has hidden as a whole, until all rules are through: what follows it is no secret of its name.
	cut = "\x00"
)

// Text returns text without what looks like a secret, cut to [Longest] bytes.
func Text(text string) string {
	if len(text) > most {
		return fmt.Sprintf("(a text of %d bytes)", len(text))
	}
	text = strings.ReplaceAll(text, cut, "\\x00")
	lower := strings.ToLower(text)
	if isManifest(text, lower) {
		return hidden + " (the manifest of a Secret)"
	}
	for _, rule := range rules {
		if contains(lower, rule.hints) {
			text = rule.hide(text)
		}
	}
	text = strings.ReplaceAll(text, cut, hidden)
	if more := len(text) - Longest; more > 0 {
		return strings.ToValidUTF8(text[:Longest], "") + fmt.Sprintf("... (%d bytes more)", more)
	}
	return text
}

// contains reports whether a text has one of the hints, without which a rule has nothing to find: that is asked much faster.
func contains(lower string, hints []string) bool {
	for _, hint := range hints {
		if strings.Contains(lower, hint) {
			return true
		}
	}
	return false
}

// manifest matches what is, or quotes, the manifest of a Secret, or what kubectl has last applied: however it is written,
// none of the text is shown.
var manifest = regexp.MustCompile(
	`(?i)kind[\\"'\s]*[:=][\\"'\s]*(?:!!str\s+)?["']?Secret(List)?\b|Secret(List)?\{|(?:last-applied-configuration|stringData)[\\"'\s]*[:=]`)

func isManifest(text, lower string) bool {
	if !strings.Contains(lower, "secret") && !contains(lower, []string{"last-applied", "stringdata"}) {
		return false
	}
	if !strings.Contains(lower, "data") { // the library's name of the kind, which holds nothing
		text = strings.ReplaceAll(text, "/v1, Kind=Secret", "/v1")
	}
	return manifest.MatchString(text)
}

// secretKey matches names of fields and of keys whose values are never shown.
var secretKey = regexp.MustCompile(`(?i)passw(or)?d|passphrase|token|authorization|(?:api|private|access|secret|account|signing|encryption)[_-]?key|cookie|credential|bearer|client[_-]?secret|^secret(s|data|value)?$|^auth$|dockerconfig|last-applied-configuration`)
