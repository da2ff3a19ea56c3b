package apply

import (
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"github.com/lockstep-dev/lockstep/apply/mirror"
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
	Fields []Field  // what differs between the live object before and after, sorted by path; none of one that is new: see Brings
	Why    string   // of a skipped object: who asked for it; of others what is out of the ordinary
	Drift  bool     // git says what it said before: somebody changed or deleted the live object
	By     []string // of drift: the field managers that did, as far as the object tells
	File   string   // of the manifest, empty for an object that is to be pruned
	Line   int

	// Desired is the manifest as it is sent to the API server, with its namespace and the owner label, and without a
	// replica count that an autoscaler has. Nil for an object that is to be pruned.
	Desired *unstructured.Unstructured
	// Before is the live object that the plan read. Nil if there was none, and where the plan had no need to read it:
	// see Exists.
	Before *unstructured.Unstructured
	// Live is the API server's answer to the apply; before the apply it is what Before is.
	Live *unstructured.Unstructured
	// Hash is that of Desired, and Version its API version: what the inventory remembers.
	Hash, Version string

	seen     *mirror.Object             // metadata of the live object; nil if there is none
	ended    object.End                 // how the object has ended that Desired says; zero of one that may run
	previous *unstructured.Unstructured // what this app last applied, where that is known
	count    *int64                     // git's replica count that an autoscaler has instead

	heir string // of a stale object: the app that it is left to

	force    bool // the app's config says to take what other managers own
	recorded bool // this app has applied the object before, and knows so
	yielded  bool // an autoscaler has the replica count
	reclaims bool // an autoscaler had the replica count until now: git's counts again
	unsought bool // nobody has looked whether the object is there without our label: a rehearsal will tell
	left     bool // of drift: it is left as it is, and Why says the reason
	late     bool // of a Job: it came after the state that is gone back to, in which that was complete
	deferred bool // of a kind, or in a namespace, that this very plan creates: not rehearsed
}

// String says what happened as kubectl does, and what changed: "deployment.apps/web-server configured (replicas 1 → 3)".
func (c *Change) String() string {
	text := c.ID.String() + " " + string(c.Action)
	switch {
	case c.Why != "":
		text += " (" + c.Why + ")"
	case c.Action == Configured && len(c.Fields) > 0:
		text += " (" + few(c.Fields, 3, ", ", Field.String) + c.culprits() + ")"
	case c.Action == Created && c.Drift:
		text += " (it had been deleted)"
	}
	return text
}

// culprits says that the change is drift, and who made it if the object tells.
func (c *Change) culprits() string {
	switch {
	case !c.Drift:
		return ""
	case len(c.By) == 0:
		return "; drift"
	}
	return "; drift by " + strings.Join(c.By, ", ")
}

// UID is that of the live object as it was last read or written; empty where there was none.
func (c *Change) UID() types.UID {
	switch {
	case c.Live != nil:
		return c.Live.GetUID()
	case c.seen != nil:
		return c.seen.UID
	}
	return ""
}

// Exists reports whether the live object was there when the plan looked.
func (c *Change) Exists() bool { return c.seen != nil }

// OwnedBy reports whether the live object that the plan saw carries the owner label of app.
func (c *Change) OwnedBy(app string) bool { return c.seen != nil && c.seen.App == app }

// Yielded reports whether an autoscaler has the replica count.
func (c *Change) Yielded() bool { return c.yielded }

// Fingerprint is the mark of the live object, for the inventory: see [mirror.Object]. Empty when there is none.
func (c *Change) Fingerprint() string {
	if c.seen == nil {
		return ""
	}
	return c.seen.Mark
}

// Target is the object as it is, or is to be, in the cluster, for whoever judges its health: the API server's answer
// where it was read or written, else the manifest at the resource version that is live. One that has ended and is gone has no
// resource version, and its end for a status. Nil when there is none.
func (c *Change) Target() *unstructured.Unstructured {
	if c.Live != nil || c.Desired == nil || c.seen == nil && !c.over() {
		return c.Live
	}
	target := c.Desired.DeepCopy()
	if c.over() {
		target.Object["status"] = c.ended.Status()
		return target
	}
	target.SetUID(c.seen.UID)
	target.SetResourceVersion(c.seen.Version)
	if c.seen.Deleting { // since when is of no account
		now := metav1.Now()
		target.SetDeletionTimestamp(&now)
		target.SetFinalizers(c.seen.Held)
	}
	return target
}

// Release lets go of the manifests and of the live objects of what has been applied, which are most of a plan. What became
// of each object, and its marks for the inventory, stay; so do the objects that are yet to be pruned.
func (p *Plan) Release() {
	for _, c := range p.Changes {
		c.Desired, c.Before, c.Live, c.previous = nil, nil, nil, nil
	}
}

// writes reports whether an apply of c has anything to send.
func (c *Change) writes() bool { return c.Action == Created || c.Action == Configured }

// found notes the live object that was read.
func (c *Change) found(live *unstructured.Unstructured) {
	seen := mirror.Of(live)
	c.Before, c.Live, c.seen = live, live, &seen
}

// HandOver leaves an object that was to be pruned to another app, which wants it. It does nothing for the empty name.
func (c *Change) HandOver(app string) {
	if app != "" {
		c.Action, c.Why, c.heir = Skipped, movesTo(app), app
	}
}

// HandedOver reports whether the object is left to another app.
func (c *Change) HandedOver() bool { return c.heir != "" }

func movesTo(app string) string { return "it moves to the app " + strconv.Quote(app) }
