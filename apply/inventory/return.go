package inventory

import "time"

// MaxRejected is how many rejected commits an inventory keeps.
const MaxRejected = 20

// Return says that an earlier healthy state is to be live instead of what git has.
type Return struct {
	To      string `json:"to"`               // revision of the state that is, or is to be, live
	From    string `json:"from"`             // revision that is held back
	Content string `json:"content"`          // of From: another commit with the same manifests is held back as well
	Reason  string `json:"reason,omitempty"` // why From was rejected, in one word; empty when somebody asked for it
	Message string `json:"message,omitempty"`
	ByHand  bool   `json:"byHand,omitempty"`
	Failed  string `json:"failed,omitempty"` // why the state did not serve either
	Done    bool   `json:"done,omitempty"`   // it serves, or did
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

// State returns the healthy state of a revision, nil where it is not kept.
func (i *Inventory) State(revision string) *State {
	for n := range i.Healthy {
		if i.Healthy[n].Revision == revision {
			return &i.Healthy[n]
		}
	}
	return nil
}
