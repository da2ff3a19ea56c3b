package live

import (
	"fmt"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// meter is how far a rollout, or a Service's endpoints, have come.
type meter struct{ ready, wanted int }

// String writes it as kubectl does: 1/3.
func (m meter) String() string { return fmt.Sprintf("%d/%d", m.ready, m.wanted) }

func (m meter) full() bool { return m.ready == m.wanted }

// progress says the meters that have moved since they were said last.
func (s *story) progress() []sentence {
	var said []sentence
	for _, w := range s.app.Workloads {
		said = append(said, s.measure(w.ID, gaugeOf(w))...)
	}
	for _, v := range s.app.Services {
		said = append(said, s.measure(v.ID, gaugeOfService(v))...)
	}
	return said
}

// measure says g at its first sight, where the goal moved, at the goal, and at about every tenth of the way: a rollout
// of a hundred pods is not worth a hundred lines. After the closing line the app's state says enough.
func (s *story) measure(id object.ID, g gauge) []sentence {
	last, known := s.meters[id]
	if s.over {
		s.meters[id] = g.meter
		return nil
	}
	moved := max(g.ready-last.ready, last.ready-g.ready)
	reached := g.full() && moved > 0
	if known && g.wanted == last.wanted && moved < max(1, g.wanted/10) && !reached {
		return nil
	}
	s.meters[id] = g.meter
	return []sentence{{text: g.label + " " + g.name + " " + g.String()}}
}
