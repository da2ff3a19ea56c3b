package apply

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/object"
)

// Action is what happens, or would happen, to one object. The words are kubectl's, and "skipped" for an object that is
// left alone on somebody's request.
type Action string

// The actions of a [Change].
const (
	Created    Action = "created"
	Configured Action = "configured"
	Unchanged  Action = "unchanged"
	Pruned     Action = "pruned"
	Skipped    Action = "skipped"
)

// Change is one object of a [Plan] and what becomes of it.
type Change struct {
	ID     object.ID
	Action Action
	Fields []Field // what differs between the live object before and after, sorted by path
	Why    string  // of a skipped object: who asked for it; of others what is out of the ordinary
	File   string  // of the manifest, empty for an object that is to be pruned
	Line   int

	// Desired is the manifest as it is sent to the API server, with its namespace and the owner label. Nil for an
	// object that is to be pruned.
	Desired *unstructured.Unstructured
	// Before is the live object that the plan saw, nil if there was none.
	Before *unstructured.Unstructured
	// Live is the API server's answer to the apply; before the apply it is what Before is.
	Live *unstructured.Unstructured
	// Hash is that of the manifest, and Version its API version: what the inventory remembers.
	Hash, Version string

	force    bool // the app's config says to take what other managers own
	recorded bool // this app has applied the object before, and knows so
	yielded  bool // an autoscaler has the replica count
	deferred bool // of a kind, or in a namespace, that this very plan creates: not rehearsed
}

// String says what happened as kubectl does, and what changed: "deployment.apps/web-server configured (replicas 1 → 3)".
func (c *Change) String() string {
	text := c.ID.String() + " " + string(c.Action)
	switch {
	case c.Why != "":
		text += " (" + c.Why + ")"
	case c.Action == Configured && len(c.Fields) > 0:
		text += " (" + few(c.Fields, 3, ", ", Field.String) + ")"
	}
	return text
}

// writes reports whether an apply of c has anything to send.
func (c *Change) writes() bool { return c.Action == Created || c.Action == Configured }
