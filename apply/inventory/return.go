package inventory

import "time"

// MaxRejected is how many rejected commits an inventory keeps.
const MaxRejected = 20

// Return says that an earlier state is to be live instead of the newest commit.
type Return struct {
	To      string `json:"to"`               // revision of the state that is, or is to be, live
	From    string `json:"from"`             // revision that is held back
	Content string `json:"content"`          // of From: another commit with the same manifests is held back as well
	Reason  string `json:"reason,omitempty"` // why From was rejected, in one word; empty when somebody asked for it
	Message string `json:"message,omitempty"`
	ByHand  bool   `json:"byHand,omitempty"`
	Failed  string `json:"failed,omitempty"` // why the state did not serve either
	Done    bool   `json:"done,omitempty"`   // it serves, or did
	// State is what To is as it was read from git, until it serves and is among the healthy ones; nil where it was there before.
	State *State `json:"state,omitempty"`
}

// Rejection is a commit that did not serve and was taken back.
type Rejection struct {
	Revision string    `json:"revision"`
	Content  string    `json:"content"`
	Reason   string    `json:"reason"`
	Message  string    `json:"message"`
	At       time.Time `json:"at"`
}

// Reject notes that the state of to is to be live instead of the commit that is rejected. Texts are cut at [MaxText] bytes.
func (i *Inventory) Reject(rejected Rejection, to string) {
	rejected.Message, rejected.At = shorten(rejected.Message), rejected.At.UTC().Truncate(time.Second)
	all := []Rejection{rejected}
	for _, r := range i.Rejected {
		if r.Revision != rejected.Revision && len(all) < MaxRejected {
			all = append(all, r)
		}
	}
	i.Rejected = all
	i.Return = &Return{
		To: to, From: rejected.Revision, Content: rejected.Content, Reason: rejected.Reason, Message: rejected.Message,
	}
}

// State returns the state of a revision, be it healthy or what the app is to go back to; nil where it is not kept.
func (i *Inventory) State(revision string) *State {
	if back := i.Return; back != nil && back.State != nil && back.To == revision {
		return back.State
	}
	for n := range i.Healthy {
		if i.Healthy[n].Revision == revision {
			return &i.Healthy[n]
		}
	}
	return nil
}
