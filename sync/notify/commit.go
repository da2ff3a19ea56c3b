package notify

import (
	"errors"
	"net/url"
	"strings"

	"github.com/lockstep-dev/lockstep/sync"
)

// longestDescription is how many characters of a description the strictest provider, GitHub, takes.
const longestDescription = 140

// commitStatus is the status of n's commit.
func (t Target) commitStatus(n Notice) (message, error) {
	p := providers[t.Type]
	api, err := t.api()
	if err != nil {
		return message{}, err
	}
	repository, ok := t.repository(api, n.Repository)
	if !ok {
		return message{}, errors.New("the repository's URL is none of the provider's")
	}
	to := *api
	to.Path, to.RawPath = joined(api.Path, p.path(repository, n.Revision.Hash))
	to.RawQuery = p.query
	m, err := newMessage(&to, p.body(t.stateOf(n), t.description(n), t.link(api, repository), n))
	if err != nil {
		return message{}, err
	}
	token, err := secret(t.TokenFile)
	if err != nil {
		return message{}, err
	}
	name, value := p.header(token)
	m.secrets = []string{token, value[strings.LastIndexByte(value, ' ')+1:]}
	m.header.Set(name, value)
	m.header.Set("Accept", "application/json")
	return m, nil
}

// joined returns a path, as it is and as it is written, of parts of which each is one, whatever it holds.
func joined(base string, parts []string) (plain, written string) {
	base = strings.TrimSuffix(base, "/")
	written = (&url.URL{Path: base}).EscapedPath()
	plain = base
	for _, part := range parts {
		plain += "/" + part
		written += "/" + url.PathEscape(part)
	}
	return plain, written
}

func (t Target) stateOf(n Notice) string {
	states := providers[t.Type].states
	switch n.State {
	case sync.Healthy:
		return states[1]
	case sync.Failed, sync.Blocked, sync.RolledBack:
		return states[2]
	}
	if n.ended || n.State == sync.Suspended {
		return states[3]
	}
	return states[0]
}

func (t Target) description(n Notice) string {
	text := n.summary()
	switch {
	case n.ended:
	case t.Template != "":
		text = t.text(n)
	case n.State == sync.Syncing:
		text = "being applied"
	}
	text = oneLine(text)
	if runes := []rune(text); len(runes) > longestDescription {
		text = string(runes[:longestDescription-1]) + "…"
	}
	return text
}
