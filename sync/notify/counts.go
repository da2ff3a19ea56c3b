package notify

import "sync/atomic"

// The outcomes that are counted. One attempt that failed is followed by another, unless what it was to send is dropped.
const (
	outcomeSent    = "sent"    // the target has taken it
	outcomeFailed  = "failed"  // an attempt, of which there may be many for one notice
	outcomeDropped = "dropped" // it is not sent any more: the target refuses it, it is too old, or too many wait
)

// counts are what became of the notices of one target. They are safe for concurrent use.
type counts struct{ sent, failed, dropped atomic.Uint64 }

// attempted counts an attempt that ended with err.
func (c *counts) attempted(err error) {
	if err != nil {
		c.failed.Add(1)
		return
	}
	c.sent.Add(1)
}

// Counts are what became of notices since the daemon began, by the name of the target, of those that there are now, and by the
// outcome: sent, failed, which is an attempt, and dropped.
func (n *Notifier) Counts() map[string]map[string]uint64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make(map[string]map[string]uint64, len(n.desks))
	for _, d := range n.desks {
		all[d.target.Name] = map[string]uint64{
			outcomeSent: d.counts.sent.Load(), outcomeFailed: d.counts.failed.Load(), outcomeDropped: d.counts.dropped.Load(),
		}
	}
	return all
}
