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
	most = 1 << 20

	hidden = "***"
)

// manifest matches what is, or quotes, the manifest of a Secret, or what kubectl has last applied: however it is written,
// none of the text is shown.
var manifest = regexp.MustCompile(`(?i)kind[\\"'\s]*[:=][\\"'\s]*Secret(List)?\b|\bSecret(List)?\{|last-applied-configuration[\\"'\s]*[:=]`)

// rules replace what a group names, or all of the match.
var rules = []struct {
	pattern *regexp.Regexp
	by      string
}{
	{regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`), hidden},
	// User info: up to the last @ before the path; where there is a password, up to the last @ at all, as it may hold a slash.
	{regexp.MustCompile(`://[^\s"'<>:@/]*:[^\s"'<>]*@`), "://" + hidden + "@"},
	{regexp.MustCompile(`://[^\s"'<>/?#]*@`), "://" + hidden + "@"},
	// A header or a password may hold anything: all that follows is hidden.
	{regexp.MustCompile(`(?is)((?:authorization|x-api-key|private-token|cookie|passw(?:or)?d|passphrase|\bpwd|token|api[_-]?key|private[_-]?key|secret)[\\"']*\s*[:=]).*`), "${1} " + hidden},
	{regexp.MustCompile(`(?i)\b(bearer|basic|negotiate)(\s+)[A-Za-z0-9._~+/=:-]{6,}`), "${1}${2}" + hidden},
	{regexp.MustCompile(`(?i)([?&](?:key|sig|signature|code|auth|jwt)=)[^\s&"'<>]+`), "${1}" + hidden},
	{regexp.MustCompile(`(gh[pousr]_|github_pat_|glpat-|xox[abeprs]-|AKIA)[A-Za-z0-9_-]{10,}`), hidden},
	{regexp.MustCompile(`eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(\.[A-Za-z0-9_-]*)?`), hidden},
	{regexp.MustCompile(`(?i)(hooks\.slack\.com/)[^\s"'<>]+|(discord(?:app)?\.com/api/webhooks/)[^\s"'<>]+|([a-z0-9.-]+\.webhook\.office\.com/)[^\s"'<>]+`), "${1}${2}${3}" + hidden},
}

// Text returns text without what looks like a secret, cut to [Longest] bytes.
func Text(text string) string {
	if len(text) > most {
		return fmt.Sprintf("(a text of %d bytes)", len(text))
	}
	if manifest.MatchString(text) {
		return hidden + " (the manifest of a Secret)"
	}
	for _, rule := range rules {
		text = rule.pattern.ReplaceAllString(text, rule.by)
	}
	if more := len(text) - Longest; more > 0 {
		return strings.ToValidUTF8(text[:Longest], "") + fmt.Sprintf("... (%d bytes more)", more)
	}
	return text
}

// secretKey matches names of fields and of keys whose values are never shown.
var secretKey = regexp.MustCompile(`(?i)passw(or)?d|passphrase|token|authorization|api[_-]?key|private[_-]?key|cookie|credential|bearer|client[_-]?secret|^secret(s|data|value)?$|last-applied-configuration`)
