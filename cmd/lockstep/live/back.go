package live

import (
	"time"

	"github.com/lockstep-dev/lockstep/sync"
	"github.com/lockstep-dev/lockstep/sync/status"
)

// rolledBack is the sentence about an app that is on an earlier commit than git's.
func rolledBack(app status.App) sentence {
	return sentence{tone: warn, lead: string(sync.RolledBack), text: ": " + app.Message}
}

// rejected says why a commit goes, and for which it does.
func (s *story) rejected() []sentence {
	clear(s.known)
	return []sentence{{tone: bad, lead: "Rejected", text: ": " + s.app.Message}}
}

// returned closes a commit in whose place an earlier one serves.
func (s *story) returned(at time.Time) []sentence {
	if s.over && s.mood == sync.RolledBack {
		return nil
	}
	s.over, s.failure, s.closing, s.refusal = true, "", rolledBack(s.app), nil
	s.leave(sync.RolledBack, at)
	clear(s.known)
	return []sentence{s.closing}
}

// suspended says that the app is left as it is from now on.
func (s *story) suspended(at time.Time) []sentence {
	if s.mood == sync.Suspended {
		return nil
	}
	s.over, s.failure, s.closing, s.refusal = true, "", waiting(s.app, at), nil
	s.leave(sync.Suspended, at)
	return []sentence{s.closing}
}
