package config

import (
	"slices"

	"github.com/lockstep-dev/lockstep/health/probe"
)

// MaxProbes bounds how many URLs one app's gate asks.
const MaxProbes = 20

// probes returns the URLs of a text or a list of them; an empty text is none.
func (v value) probes() []probe.URL {
	if !isList(v.node) {
		return v.probe(nil)
	}
	if len(v.node.Content) > MaxProbes {
		v.fail("more than %d", MaxProbes)
		return nil
	}
	var all []probe.URL
	for _, n := range v.node.Content {
		all = value{entry: v.entry, key: v.key, line: n.Line, node: resolve(n)}.probe(all)
	}
	return all
}

// probe adds the URL of a text to all.
func (v value) probe(all []probe.URL) []probe.URL {
	text, ok := v.text()
	if !ok || text == "" {
		return all
	}
	u, err := probe.Parse(text)
	switch {
	case err != nil:
		v.fail("%s", err)
	case slices.Contains(all, u):
		v.fail("%s is there twice", u)
	}
	return append(all, u)
}
