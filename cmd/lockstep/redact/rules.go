package redact

import (
	"regexp"
	"strings"
)

// rule hides one kind of secret. A text has one of its hints, in lower case, or nothing for it to find.
type rule struct {
	hints []string
	hide  func(text string) string
}

// by is a rule that replaces what a pattern matches.
func by(pattern, replacement string, hints ...string) rule {
	compiled := regexp.MustCompile(pattern)
	return rule{hints, func(text string) string { return compiled.ReplaceAllString(text, replacement) }}
}

// each is a rule that has a func say what becomes of each match.
func each(pattern string, hide func(match string) string, hints ...string) rule {
	compiled := regexp.MustCompile(pattern)
	return rule{hints, func(text string) string { return compiled.ReplaceAllStringFunc(text, hide) }}
}

// rules are asked in their order.
var rules = []rule{
	by(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY.*?(-----END [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|$)`, hidden, "private key"),
	by(`(?s)PuTTY-User-Key-File.*`, hidden, "putty"),
	// User info: up to the last @ before the path; where there is a password, up to the last @ at all, as it may hold a slash. Of a
	// quoted address, which a parser may have refused for it, also where it holds a space.
	by(`"([A-Za-z][A-Za-z0-9+.-]*:)?//[^"@]*[\s<>'][^"@]*@`, `"${1}//`+hidden+"@", "//"),
	each(`:(?:\\*/){2}[^\s"'<>:@/]*:[^\s"'<>]*@(sha(?:1|256|512):)?`, userInfo, "//", `\/`),
	each(`:?(?:\\*/){2}[^\s"'<>:/?#\\@]*@`, userName, "//", `\/`),
	by(`//[^\s"'<>:@/]+:[^\s"'<>@/]+@`, "//"+hidden+"@", "//"),
	by(`(?i)(%3A%2F%2F)[^\s"'<>&]*%40`, "${1}"+hidden+"%40", "%2f%2f"),
	each(`[^\s"'<>:@/]*:[^\s"'<>@/]+@(sha(?:1|256|512):[0-9a-f])?`, bareUserInfo, "@"),
	// The value of a parameter ends with it.
	by(`(?i)([?&#;][a-z0-9_.-]*(?:key|sig|signature|code|auth|jwt|token|secret|passw(?:or)?d|credential|assertion)=)[^\s&"'<>]+`, "${1}"+cut, "="),
	// A header or a password may hold anything: all that follows is hidden.
	{names, hideAfterNames},
	by(`(?is)((?:data|stringData|binaryData)[\[.][^\s:]*:\s+[a-z]+ value:\s*).*`, "${1}"+hidden, "data"),
	// What a change of our own says of a variable, a setting or an annotation: env[DB_PASSWORD].value old → new.
	by(`(?is)((?:env\[|data\.|annotations\.)\S*(?:passw(?:or)?d|passphrase|token|secret|(?:api|private|access)[_-]?key)[a-z0-9_-]*\]?(?:\.value)?\s)`+
		`(?:set to .*|removed \(was .*|[^→]*→.*)`, "${1}"+hidden, "→", "set to", "(was"),
	by(`(?i)(--?[a-z-]*(?:passw(?:or)?d|passphrase|token|secret)\s+)[^\s-]\S*`, "${1}"+hidden, "-"),
	by(`(?i)((?:passw(?:or)?d|passphrase)\s+(?:is\s+)?\\?["']).*?\\?["']`, "${1}"+hidden+`"`, "passw", "passphrase"),
	each(`(?i)\b(?:bearer|basic|negotiate)\s+[A-Za-z0-9._~+/=:-]{6,}`, authScheme, "bearer", "basic", "negotiate"),
	by(tokens, hidden, tokenHints...),
	by(`(?i)(hooks\.(?:slack|zapier)\.com/|discord(?:app)?\.com/api/webhooks/|[a-z0-9.-]+\.webhook\.office\.com/|api\.telegram\.org/bot)[^\s"'<>]+`,
		"${1}"+hidden, "hook", "telegram"),
	by(`(/hooks/)[A-Za-z0-9]{20,}`, "${1}"+hidden, "/hooks/"),
}

// tokens are the shapes of the tokens of those who give them one.
const tokens = `gh[pousr]_[A-Za-z0-9_-]{10,}|github_pat_[A-Za-z0-9_-]{10,}|gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|oas|soat|ffct|wt)-[A-Za-z0-9_.-]{10,}|` +
	`x(?:ox[a-z]|app)[-.][A-Za-z0-9._-]{10,}|(?:AKIA|ASIA)[A-Za-z0-9_-]{10,}|npm_[A-Za-z0-9]{10,}|pypi-[A-Za-z0-9_-]{10,}|` +
	`\b[sr]k[-_](?:live_|test_|ant-|proj-)?[A-Za-z0-9_-]{20,}|hvs\.[A-Za-z0-9_-]{10,}|dckr_[a-z]+_[A-Za-z0-9_-]{10,}|AT(?:BB|[AC]TT3)[A-Za-z0-9_=-]{10,}|` +
	`AIza[A-Za-z0-9_-]{30,}|ya29\.[A-Za-z0-9_-]{10,}|SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}|do[por]_v1_[A-Za-z0-9]{10,}|AGE-SECRET-KEY-1[A-Za-z0-9]{10,}|` +
	`eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?`

var tokenHints = []string{
	"ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "gl", "xox", "xapp", "akia", "asia", "npm_", "pypi-", "sk-", "sk_", "rk_", "rk-", "hvs.", "dckr_", "atbb",
	"atatt3", "atctt3", "aiza", "ya29.", "sg.", "_v1_", "age-secret", "eyj",
}

// userInfo hides a user and a password in a URL, and leaves the digest of an image alone: registry:5000/web@sha256:3f2a.
func userInfo(match string) string {
	before, digest, isDigest := cutLast(match, "@sha")
	second := strings.Index(match, "/") + 1
	scheme := match[:second+strings.Index(match[second:], "/")+1]
	switch {
	case !isDigest:
		return scheme + hidden + "@"
	case !strings.Contains(before, "@"):
		return match
	}
	_, registry, _ := cutLast(before, "@")
	return scheme + hidden + "@" + registry + "@sha" + digest
}

func cutLast(text, separator string) (before, after string, found bool) {
	if i := strings.LastIndex(text, separator); i >= 0 {
		return text[:i], text[i+len(separator):], true
	}
	return text, "", false
}

// userName hides a user that may be a token; that of Git over SSH is everybody's.
func userName(match string) string {
	slash := strings.LastIndex(match, "/") + 1
	if match[slash:] == "git@" || match[slash:] == hidden+"@" {
		return match
	}
	return match[:slash] + hidden + "@"
}

// bareUserInfo hides a user and a password without a scheme before them, but no digest of an image.
func bareUserInfo(match string) string {
	if strings.HasSuffix(match, "@") {
		return hidden + "@"
	}
	return match
}

var plainWord = regexp.MustCompile(`^[A-Za-z]?[a-z]+[.:]?$`)

// authScheme hides what follows the name of an authentication scheme, unless it is a word: basic authentication.
func authScheme(match string) string {
	at := strings.IndexAny(match, " \t\r\n")
	value := strings.TrimLeft(match[at:], " \t\r\n")
	if plainWord.MatchString(value) {
		return match
	}
	return match[:len(match)-len(value)] + hidden
}
