package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/git"
)

const (
	// shortestPause is between two looks at a repository that has moved just now: who pushed one commit often pushes another.
	shortestPause = 2 * time.Second
	// restShare is how much longer than a pause a repository has been quiet for: one that moved a minute ago is asked each
	// six seconds, and more and more seldom as it rests.
	restShare = 10
	// hintGap is the shortest time from one fetch to the next that a hint asks for, so that no flood of hints becomes one of
	// requests to the git server.
	hintGap = 200 * time.Millisecond
	// renewalLook is from one look at the files of credentials to the next, while a repository cannot be had with those that
	// there were.
	renewalLook = 5 * time.Second
)

// pace says when a repository is asked next.
type pace struct {
	interval time.Duration // the longest pause
	revision git.Revision
	moved    time.Time // when the revision came to be, as far as is known
	retries  backoff
}

// pauses are how long to wait after a fetch.
type pauses struct {
	locked time.Duration // whatever happens
	hinted time.Duration // if there are hints
	most   time.Duration
	failed bool // it may be for what was shown to the server
}

// after returns the pauses after a fetch that has just ended.
func (p *pace) after(snapshot git.Snapshot, err error, now time.Time) pauses {
	if err != nil {
		return p.failed(err)
	}
	p.retries.reset()
	switch {
	case snapshot.Revision == p.revision:
	case p.revision.IsZero() && snapshot.Time.Before(now): // it has moved before anybody looked
		p.moved = snapshot.Time
	default:
		p.moved = now
	}
	p.revision = snapshot.Revision
	quiet := now.Sub(p.moved)
	return pauses{hinted: hintGap, most: jittered(min(p.interval, max(shortestPause, quiet/restShare)))}
}

// failed returns those after an error: a server that is away is asked at growing pauses, and one that asks for a pause gets
// it, by however many clients it is asked for.
func (p *pace) failed(err error) pauses {
	pause := p.retries.next(firstFetchRetry, lastRetry)
	asked, _ := git.RetryAfter(err)
	asked = later(asked)
	return pauses{locked: asked, hinted: max(asked, firstFetchRetry), most: max(asked, pause), failed: true}
}
