package inventory

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lockstep-dev/lockstep/apply/object"
)

const (
	// DefaultNamespace is where inventories are kept by a daemon that runs outside of a cluster.
	DefaultNamespace = "lockstep-system"

	// MaxHistory is how many records with a verdict an inventory keeps.
	MaxHistory = 20

	// MaxText is how many bytes of a record's message and of its reason are kept.
	MaxText = 1 << 10
)

// Inventory is what is remembered of one app.
type Inventory struct {
	App      string              `json:"app"`
	Source   string              `json:"source,omitempty"`   // URL of the repository; user and password are not kept
	Path     string              `json:"path,omitempty"`     // of the app, below the repository's root
	Set      string              `json:"set,omitempty"`      // entry of the config that made the app; empty when it was named itself
	Account  string              `json:"account,omitempty"`  // ServiceAccount that applied the objects
	Prune    bool                `json:"prune,omitempty"`    // as asked for when the app was last applied
	Leaving  bool                `json:"leaving,omitempty"`  // decided: the app goes, and its objects are to be pruned
	Revision string              `json:"revision,omitempty"` // last applied, full text
	Entries  map[object.ID]Entry `json:"entries"`            // the objects that the app owns; never nil
	History  []Record            `json:"history,omitempty"`  // newest first, at most MaxHistory and MaxOvertaken
	Healthy  []State             `json:"healthy,omitempty"`  // newest first, at most MaxStates; none when the app never was healthy
	Rejected []Rejection         `json:"rejected,omitempty"` // commits that were taken back, newest first, at most MaxRejected
	Return   *Return             `json:"return,omitempty"`   // nil when what git has is, or is to be, live

	Suspended bool     `json:"suspended,omitempty"` // somebody asked for the app to be left as it is
	Open      []string `json:"open,omitempty"`      // commits that were begun with and have no verdict yet, newest first, at most MaxOpen

	stored bool
}

// Entry is what is remembered of one object. Only Version is set when a write was intended and not yet confirmed.
type Entry struct {
	Version     string `json:"version,omitempty"`     // API version that it was applied with, without the group
	Hash        string `json:"hash,omitempty"`        // of the manifest last applied
	Fingerprint string `json:"fingerprint,omitempty"` // of the live object right after that
	Yielded     bool   `json:"yielded,omitempty"`     // an autoscaler had its replica count then

	Ended object.End `json:"ended,omitzero"` // how the object that Hash is of has ended, one that goes after it
}

// Record is one commit in an app's history.
type Record struct {
	Revision, Author, Message, State, Reason string

	At       time.Time
	Duration time.Duration // kept in milliseconds
	Objects  int           // in the commit
}

// New returns the inventory of an app that nothing is known of.
func New(app string) *Inventory {
	return &Inventory{App: app, Entries: map[object.ID]Entry{}}
}

// IsNew says that there was none in the cluster when it was loaded, and that it was not saved since.
func (i *Inventory) IsNew() bool { return !i.stored }

// clone returns a copy that shares no more than the packed states, which are replaced and never changed.
func (i *Inventory) clone() *Inventory {
	c := *i
	c.Entries, c.History = maps.Clone(i.Entries), slices.Clone(i.History)
	c.Healthy, c.Rejected, c.Open = slices.Clone(i.Healthy), slices.Clone(i.Rejected), slices.Clone(i.Open)
	if i.Return != nil {
		back := *i.Return
		c.Return = &back
	}
	return &c
}

func shorten(text string) string {
	if len(text) <= MaxText {
		return text
	}
	return strings.ToValidUTF8(text[:MaxText], "")
}

// recordJSON is how a Record is written. Its times are whole and in UTC, so that the same record is the same text.
type recordJSON struct {
	Revision string    `json:"revision"`
	Author   string    `json:"author,omitempty"`
	Message  string    `json:"message,omitempty"`
	State    string    `json:"state"`
	Reason   string    `json:"reason,omitempty"`
	At       time.Time `json:"at"`
	MS       int64     `json:"ms"`
	Objects  int       `json:"objects"`
}

// MarshalJSON writes the duration in milliseconds, as "ms".
func (r Record) MarshalJSON() ([]byte, error) {
	return json.Marshal(recordJSON{
		Revision: r.Revision, Author: r.Author, Message: r.Message, State: r.State, Reason: r.Reason,
		At: r.At.UTC(), MS: r.Duration.Milliseconds(), Objects: r.Objects,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (r *Record) UnmarshalJSON(text []byte) error {
	var in recordJSON
	if err := json.Unmarshal(text, &in); err != nil {
		return err
	}
	*r = Record{
		Revision: in.Revision, Author: in.Author, Message: in.Message, State: in.State, Reason: in.Reason,
		At: in.At, Duration: time.Duration(in.MS) * time.Millisecond, Objects: in.Objects,
	}
	return nil
}
