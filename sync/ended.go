package sync

import "github.com/lockstep-dev/lockstep/apply/object"

// noteEnds puts on record how Jobs have ended that are deleted some time after it: that one is gone is no drift then. It is saved
// with the verdict.
func (p *pass) noteEnds(ended map[object.ID]object.End) {
	for id, end := range ended {
		entry, applied := p.watched[id]
		if !applied || entry.Ended == end {
			continue
		}
		entry.Ended = end
		p.watched[id], p.record.Entries[id], p.unsaved = entry, entry, true
	}
}
