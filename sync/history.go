package sync

import (
	"time"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/git"
)

// History is what an app has come through, as it is on record.
type History struct {
	App       string   `json:"app"`
	Commits   []Commit `json:"commits"` // newest first
	Back      *Back    `json:"back,omitempty"`
	Suspended bool     `json:"suspended,omitempty"`
}

// Commit is one of them.
type Commit struct {
	Revision git.Revision `json:"revision"`
	Author   string       `json:"author"`
	Message  string       `json:"message"`
	State    string       `json:"state"`
	Reason   string       `json:"reason,omitempty"`
	At       time.Time    `json:"at"` // when it was begun with
	MS       int64        `json:"ms"` // until its verdict
	Objects  int          `json:"objects"`
	Kept     bool         `json:"kept"` // its objects are on record as they were rendered: one can go back to it
}

// HistoryOf reads the record of an app.
func HistoryOf(record *inventory.Inventory) History {
	h := History{App: record.App, Commits: []Commit{}, Suspended: record.Suspended}
	if record.Return != nil {
		h.Back = backOf(record.Return)
	}
	for _, r := range record.History {
		at, err := git.ParseRevision(r.Revision)
		if err != nil {
			continue
		}
		h.Commits = append(h.Commits, Commit{
			Revision: at, Author: r.Author, Message: r.Message, State: r.State, Reason: r.Reason,
			At: r.At, MS: r.Duration.Milliseconds(), Objects: r.Objects, Kept: record.State(r.Revision) != nil,
		})
	}
	return h
}
