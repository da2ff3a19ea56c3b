package live

import (
	"cmp"
	"time"

	"github.com/lockstep-dev/lockstep/apply"
	"github.com/lockstep-dev/lockstep/apply/object"
	"github.com/lockstep-dev/lockstep/health"
	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// story folds an app's events, and says what is worth saying of each: a commit's way to its closing line, and after that
// the changes of the app's state. A pass that finds nothing to do is worth nothing.
type story struct {
	app     status.App
	over    bool              // the commit seen last has its closing line
	served  bool              // that commit has been healthy
	closing sentence          // the last that closed a commit
	refusal *refusal          // what closing is about, where that is several things
	mood    sync.State        // the last state that was said
	failure string            // the words of the last that was said since the app was healthy
	left    time.Time         // when the app was first said not to be healthy any more
	losses  []status.Incident // that are over and have not been told
	meters  map[object.ID]meter
	known   map[trouble]bool     // problems that were said since the app was healthy
	drifts  map[object.ID]string // why drift is left as it is, as it was said
}

// trouble is what makes two problems the same to a reader. Their messages may differ: they count nodes and seconds.
type trouble struct {
	reason health.Reason
	object object.ID
	advice string
}

func newStory(app sync.App) *story {
	return &story{app: status.New(app), meters: map[object.ID]meter{}, known: map[trouble]bool{}, drifts: map[object.ID]string{}}
}

// tell folds event and returns what to say of it.
func (s *story) tell(event sync.Event) []sentence {
	past := s.app
	before := past.State
	s.app = status.Fold(s.app, event)
	s.losses = append(s.losses, s.app.Over(past)...)
	switch {
	case event.Snapshot != nil:
		return append(s.began(), special(event.Snapshot)...)
	case event.Change != nil:
		return s.changed(event)
	case event.Rejection != nil:
		return s.rejected()
	case event.Report != nil && before != sync.Syncing: // else it is the health of what was there before
		return append(s.progress(), s.judged(event)...)
	case event.Record != nil:
		return s.settled(event)
	case event.Err != nil:
		return s.failed(event)
	}
	return nil
}

func (s *story) began() []sentence {
	s.over, s.served, s.failure, s.mood, s.left = false, false, "", sync.Syncing, time.Time{}
	clear(s.known)
	text := " " + s.app.Commit.Message
	if s.app.Commit.Author != "" {
		text += " (" + s.app.Commit.Author + ")"
	}
	return []sentence{{tone: bold, lead: s.app.Revision.Seen.String(), text: text}}
}

// changed says what became of an object, unless nothing did. Objects that are left alone are left alone in every pass,
// and said once; drift that is left when it comes, and when it is another.
func (s *story) changed(event sync.Event) []sentence {
	c := event.Change
	isNews := s.leaves(c)
	if c.Action == apply.Unchanged || c.Action == apply.Skipped && s.over && !isNews {
		return nil
	}
	if c.Action == apply.Skipped && c.Drift {
		return []sentence{{tone: warn, text: c.String()}}
	}
	if s.over {
		s.leave(sync.Syncing, event.At)
	}
	return []sentence{{text: c.String()}}
}

// leaves notes drift that is left as it is, or that there is none, and reports whether it has not been said yet.
func (s *story) leaves(c *apply.Change) bool {
	if !c.Drift || c.Action != apply.Skipped {
		delete(s.drifts, c.ID)
		return false
	}
	isNews := s.drifts[c.ID] != c.Why
	s.drifts[c.ID] = c.Why
	return isNews
}

// leave notes that the app is said to be in a state other than Healthy.
func (s *story) leave(state sync.State, at time.Time) {
	s.mood = state
	if s.left.IsZero() {
		s.left = at
	}
}

// judged says the problems that are new, and after the closing line what state the app has come into.
func (s *story) judged(event sync.Event) []sentence {
	if s.over && s.app.State == sync.RolledBack {
		return s.returned(event.At)
	}
	if s.over && s.app.State == sync.Healthy && s.mood != sync.Healthy {
		return s.recovered(event.At)
	}
	troubles := s.troubles()
	if s.over && s.app.State == sync.Progressing && s.mood != sync.Progressing {
		s.leave(sync.Progressing, event.At)
		if len(troubles) == 0 {
			return []sentence{{tone: warn, lead: string(sync.Progressing), text: ": " + cmp.Or(s.app.Message, "waiting for the cluster")}}
		}
	}
	return troubles
}

// troubles are the problems that have not been said yet.
func (s *story) troubles() []sentence {
	var said []sentence
	for _, p := range s.app.Problems {
		key := trouble{p.Reason, p.Object, p.Advice}
		if !s.known[key] {
			s.known[key] = true
			said = append(said, problem(p))
		}
	}
	return said
}

// recovered says that the app is healthy, for the first time with this commit or again.
func (s *story) recovered(at time.Time) []sentence {
	said := healthy(s.app, at)
	if s.served {
		said = healthyAgain(s.app, at.Sub(s.left), s.losses)
	}
	s.served, s.mood, s.failure, s.left, s.losses = true, sync.Healthy, "", time.Time{}, nil
	clear(s.known)
	return []sentence{said}
}

func (s *story) settled(event sync.Event) []sentence {
	switch s.app.State {
	case sync.RolledBack:
		return s.returned(event.At)
	case sync.Suspended:
		return s.suspended(event.At)
	}
	if s.over && s.mood == sync.Healthy {
		return nil
	}
	s.over = true
	said := s.recovered(event.At)
	s.closing, s.refusal = said[0], nil
	return said
}

// failed says why a pass ended, unless it is what was said last. A gate's words count pods, so for it the reason decides.
func (s *story) failed(event sync.Event) []sentence {
	said := failure(s.app)
	key := said.lead + said.text
	if event.Err.Step == sync.StepGate {
		key = said.lead + s.app.Reason
	}
	again := s.over && key == s.failure
	s.over, s.failure, s.closing, s.refusal = true, key, said, refusalOf(event.Err)
	s.leave(s.app.State, event.At)
	if again {
		return nil
	}
	return []sentence{said}
}
