package live

import "github.com/lockstep-dev/lockstep/git"

// special says what a reader would not expect of a commit: it takes back what was live before, and may not be meant to.
func special(s *git.Snapshot) []sentence {
	if !s.Rewritten {
		return nil
	}
	return []sentence{{tone: warn, lead: "history rewritten", text: ": the branch was at a commit that this one does not go on from"}}
}
