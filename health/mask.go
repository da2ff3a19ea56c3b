package health

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

// A mask hides what must not be shown in the lines of a log.
type mask struct {
	forms []string // of the secrets, in every spelling that is looked for
}

// newMask hides those values, however they are spelled: as they are, a part of a line at a time, in base64 at any offset,
// in hexadecimal digits, and as JSON and URLs escape them.
func newMask(values []string) mask {
	var m mask
	for _, value := range values {
		for _, part := range parts(value) {
			m.forms = append(m.forms, spellings(part)...)
		}
	}
	for _, form := range slices.Clone(m.forms) {
		m.forms = append(m.forms, printable(form))
	}
	slices.Sort(m.forms)
	m.forms = slices.DeleteFunc(slices.Compact(m.forms), func(form string) bool { return form == "" })
	return m
}

// shortestPart is how long a part of a secret is at least that is hidden by itself: single letters would hide everything.
const shortestPart = 4

// parts are a secret, and what of it may be printed without the rest: its lines, the values of its settings, the strings
// of its JSON, the password of its URL.
func parts(value string) []string {
	all := []string{strings.TrimSpace(value), value}
	add := func(part string) {
		if part = strings.Trim(part, " \t\r\n\"'"); len(part) >= shortestPart {
			all = append(all, part)
		}
	}
	for line := range strings.Lines(value) {
		add(line)
		if _, after, ok := strings.Cut(line, "="); ok {
			add(after)
		}
		if _, after, ok := strings.Cut(line, ": "); ok {
			add(after)
		}
	}
	var document any
	if json.Unmarshal([]byte(value), &document) == nil {
		leaves(document, add)
	}
	add(password(value))
	return all
}

// leaves passes each string of a JSON document to add.
func leaves(document any, add func(string)) {
	switch d := document.(type) {
	case string:
		add(d)
	case []any:
		for _, entry := range d {
			leaves(entry, add)
		}
	case map[string]any:
		for _, entry := range d {
			leaves(entry, add)
		}
	}
}

// password is that of a URL; empty when value is none, or has none.
func password(value string) string {
	u, err := url.Parse(strings.TrimSpace(value))
	if err != nil || u.User == nil {
		return ""
	}
	secret, _ := u.User.Password()
	return secret
}

// spellings are the forms in which a secret may be printed.
func spellings(secret string) []string {
	if secret == "" {
		return nil
	}
	quoted, err := json.Marshal(secret)
	if err != nil {
		quoted = []byte(`""`)
	}
	digits := hex.EncodeToString([]byte(secret))
	all := []string{
		secret, strings.Trim(string(quoted), `"`), url.QueryEscape(secret), url.PathEscape(secret), digits, strings.ToUpper(digits),
	}
	return append(all, encoded(secret)...)
}

// encoded are the base64 forms of a secret: alone, and within a longer text at each of the three offsets that it may have
// there, without the letters that depend on its neighbours.
func encoded(secret string) []string {
	var all []string
	for _, alphabet := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		all = append(all, alphabet.EncodeToString([]byte(secret)))
		for offset := range 3 {
			text := alphabet.EncodeToString(append(make([]byte, offset), secret...))
			from, to := (offset*8+5)/6, (offset+len(secret))*8/6
			if to-from >= shortestPart {
				all = append(all, text[from:to])
			}
		}
	}
	return all
}

// ansi are the sequences by which a program sets the colours of a terminal.
var ansi = regexp.MustCompile(`\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?|.)`)

// printable is text without what a terminal would obey.
func printable(text string) string { return harmless(ansi.ReplaceAllString(text, "")) }

// telltale finds secrets by what they look like, for those that nobody has told us of: tokens, keys, passwords in URLs, and
// what follows a name that says secret.
var telltale = []*regexp.Regexp{
	regexp.MustCompile(`(eyJ[\w-]{8,}\.[\w-]+\.?[\w-]*)`),
	regexp.MustCompile(`://[^\s/:@]*:([^\s@]+)@`),
	regexp.MustCompile(`(?i)\b(?:bearer|basic) ([\w.~+/=-]{6,})`),
	regexp.MustCompile(`(?i)(?:passw(?:or)?d|passphrase|pwd|secret|token|api[_-]?key|credentials?)["']?\s?[:=]\s?["']?([^\s"',;]+)`),
}

// lines hides the secrets in the lines of a log, makes them harmless, and shortens them. A secret that is broken over lines
// is found too, and one that colours begin or end in: it is looked for before they are taken out, and after.
func (m mask) lines(lines []string) []string {
	clean := m.blotted(lines, func([]bool, int, string) {})
	for i, line := range clean {
		clean[i] = printable(strings.TrimRight(line, "\r"))
	}
	shown := m.blotted(clean, func(hidden []bool, at int, line string) {
		for _, look := range telltale {
			for _, found := range look.FindAllStringSubmatchIndex(line, -1) {
				hide(hidden, at+found[2], at+found[3])
			}
		}
	})
	for i, line := range shown {
		shown[i] = cut(line, logWidth)
	}
	return shown
}

// blotted hides the secrets in lines, and what more marks of each of them.
func (m mask) blotted(lines []string, more func(hidden []bool, at int, line string)) []string {
	hidden := m.mark(strings.Join(lines, ""))
	blotted := make([]string, len(lines))
	at := 0
	for i, line := range lines {
		more(hidden, at, line)
		blotted[i] = blot(line, hidden[at:at+len(line)])
		at += len(line)
	}
	return blotted
}

// mark tells which bytes of text belong to a secret.
func (m mask) mark(text string) []bool {
	hidden := make([]bool, len(text))
	for _, form := range m.forms {
		for at := 0; ; {
			i := strings.Index(text[at:], form)
			if i < 0 {
				break
			}
			hide(hidden, at+i, at+i+len(form))
			at += i + 1
		}
	}
	return hidden
}

func hide(hidden []bool, from, to int) {
	for i := from; i < to; i++ {
		hidden[i] = true
	}
}

// blot writes [masked] for each run of hidden bytes.
func blot(line string, hidden []bool) string {
	var b strings.Builder
	for i := range len(line) {
		switch {
		case !hidden[i]:
			b.WriteByte(line[i])
		case i == 0 || !hidden[i-1]:
			b.WriteString(masked)
		}
	}
	return b.String()
}
