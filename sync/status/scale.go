package status

import (
	"fmt"
	"strings"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/sync"
)

// Scaled says what the commit seen last did when it changed nothing but numbers of replicas, and serves:
// "scaled web-server 1 → 3 in 1.3 s, endpoints 3/3". It is empty for any other commit, and once the app has been in another
// state since.
func (a App) Scaled() string {
	healthy := a.Timeline.At(Healthy)
	if a.State != sync.Healthy || healthy == nil || a.Since.After(healthy.At) {
		return ""
	}
	scaled := a.scales()
	if len(scaled) == 0 {
		return ""
	}
	if more := len(scaled) - 3; more > 0 {
		scaled = append(scaled[:3], fmt.Sprintf("and %d more", more))
	}
	text := "scaled " + strings.Join(scaled, ", ")
	if until := a.Timeline.At(EndpointsReady); until != nil {
		text += " in " + Spell(until.At.Sub(a.Timeline[0].At))
	}
	if len(a.Services) > 0 {
		ready, expected := 0, 0
		for _, s := range a.Services {
			ready += s.EndpointsReady
			expected += s.EndpointsExpected
		}
		text += fmt.Sprintf(", endpoints %d/%d", ready, expected)
	}
	return text
}

// scales are the changes of replicas, none if anything else was changed.
func (a App) scales() []string {
	var scaled []string
	for _, c := range a.Changes {
		if c.Action == apply.Unchanged {
			continue
		}
		if c.Drift || c.Action != apply.Configured || len(c.Fields) != 1 {
			return nil
		}
		f := c.Fields[0]
		if f.Path != "spec.replicas" || f.Old == nil || f.New == nil {
			return nil
		}
		scaled = append(scaled, fmt.Sprintf("%s %s → %s", c.Object.Name, *f.Old, *f.New))
	}
	return scaled
}

// words are what is said of a healthy app: how it was scaled, or what it stands on.
func (a App) words() string {
	if scaled := a.Scaled(); scaled != "" {
		return scaled
	}
	return a.Standing()
}
