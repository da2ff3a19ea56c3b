package sync

import (
	"fmt"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
)

const (
	// maxCorrections of one object within fightWindow are a fight.
	maxCorrections = 5
	fightWindow    = time.Minute
	// firstTruce is how long the object is then left as it is; each further fight doubles that, up to lastTruce.
	firstTruce = time.Minute
	lastTruce  = 15 * time.Minute
	// fightMark is how the reason begins for which drift is left alone meanwhile.
	fightMark = "fight: "
)

// fights count how often drift of each object was corrected: who changes it back each time will not stop for us. The zero
// value has seen none. It is used by one goroutine at a time.
type fights struct{ of map[object.ID]*fight }

type fight struct {
	corrections []time.Time // the latest, within fightWindow
	truce       time.Duration
	until       time.Time
	rivals      []string
	fields      string
}

// corrected notes a correction, and begins a truce when there were too many.
func (f *fights) corrected(c *apply.Change, now time.Time) {
	if f.of == nil {
		f.of = map[object.ID]*fight{}
	}
	one := f.of[c.ID]
	if one == nil {
		one = &fight{}
		f.of[c.ID] = one
	}
	for len(one.corrections) > 0 && now.Sub(one.corrections[0]) > fightWindow {
		one.corrections = one.corrections[1:]
	}
	one.corrections = append(one.corrections, now)
	one.rivals, one.fields = c.By, fieldsOf(c)
	if len(one.corrections) > maxCorrections {
		one.truce = min(max(2*one.truce, firstTruce), lastTruce)
		one.until, one.corrections = now.Add(one.truce), nil
	}
}

func fieldsOf(c *apply.Change) string {
	var paths []string
	for _, f := range c.Fields {
		paths = append(paths, f.Path)
	}
	return strings.Join(paths[:min(3, len(paths))], ", ")
}

// rival says why drift of an object is not corrected now; empty where it is.
func (f *fights) rival(id object.ID, now time.Time) string {
	one := f.of[id]
	if one == nil || !now.Before(one.until) {
		return ""
	}
	who := "somebody"
	if len(one.rivals) > 0 {
		who = strings.Join(one.rivals, ", ")
	}
	what := "it"
	if one.fields != "" {
		what = one.fields
	}
	return fmt.Sprintf(fightMark+"%s changed %s back more than %d times in a minute; left as it is until %s",
		who, what, maxCorrections, one.until.Format(time.TimeOnly))
}

// IsFight reports whether c is drift that is left as it is for a while, because somebody changes it back each time.
func IsFight(c *apply.Change) bool {
	return c.Drift && c.Action == apply.Skipped && strings.HasPrefix(c.Why, fightMark)
}

// next returns when the first truce ends; the zero time when there is none.
func (f *fights) next(now time.Time) time.Time {
	var next time.Time
	for _, one := range f.of {
		if now.Before(one.until) && (next.IsZero() || one.until.Before(next)) {
			next = one.until
		}
	}
	return next
}
