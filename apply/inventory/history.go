package inventory

import "slices"

const (
	// Overtaken is the state of a commit whose place a newer one took before it had a verdict.
	Overtaken = "Overtaken"

	// MaxOvertaken is how many of those an inventory keeps, beside the records that have a verdict.
	MaxOvertaken = 20
)

// Remember puts record before the others of the history, and drops the oldest beyond [MaxHistory]. Texts are cut at
// [MaxText] bytes.
func (i *Inventory) Remember(record Record) {
	record.Message, record.Reason = shorten(record.Message), shorten(record.Reason)
	i.History = trimmed(slices.Insert(i.History, 0, record))
}

// Overtook puts commits that have been overtaken into the history, each at its time and once.
func (i *Inventory) Overtook(commits ...Record) {
	if len(commits) == 0 {
		return
	}
	for _, c := range commits {
		c.State, c.Message = Overtaken, shorten(c.Message)
		i.History = slices.DeleteFunc(i.History, func(r Record) bool { return r.State == Overtaken && r.Revision == c.Revision })
		at := slices.IndexFunc(i.History, func(r Record) bool { return !r.At.After(c.At) })
		if at < 0 {
			at = len(i.History)
		}
		i.History = slices.Insert(i.History, at, c)
	}
	i.History = trimmed(i.History)
}

// Verdict returns the newest record of the history that has one.
func (i *Inventory) Verdict() (Record, bool) {
	at := slices.IndexFunc(i.History, func(r Record) bool { return r.State != Overtaken })
	if at < 0 {
		return Record{}, false
	}
	return i.History[at], true
}

// trimmed drops the oldest records beyond what is kept of each sort.
func trimmed(history []Record) []Record {
	var kept []Record
	room, roomOvertaken := MaxHistory, MaxOvertaken
	for _, r := range history {
		left := &room
		if r.State == Overtaken {
			left = &roomOvertaken
		}
		if *left > 0 {
			*left--
			kept = append(kept, r)
		}
	}
	return kept
}
