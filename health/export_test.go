package health

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Watched is what a verdict gets to see of an object that is watched as its Go type.
func Watched(o any) (*unstructured.Unstructured, error) {
	o, err := strip(o)
	if err != nil || shown(o) == nil {
		return nil, err
	}
	var k kept
	err = k.pack(o)
	return shown(k.unpack()), err
}

// Spared is a target with as much of the applied object as is kept beside a live one that may be used.
func Spared(t Target) (Target, error) {
	applied, err := NewApplied(t.Applied)
	spared := target{Applied: applied, passive: t.Passive}.with(t.Live, t.Seen)
	spared.Last = t.Last
	return spared, err
}

// Looked is how many objects that others name the gate has looked for, and knows about or not.
func (g *Gate) Looked() int {
	g.presence.mu.Lock()
	defer g.presence.mu.Unlock()
	n := 0
	for _, k := range g.presence.known {
		if !k.looking {
			n++
		}
	}
	return n
}
