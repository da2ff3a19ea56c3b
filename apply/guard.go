package apply

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/lockstep-dev/lockstep/apply/inventory"
	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// guardFrom is the number of owned objects from which on a commit may not delete more than half of them: with fewer,
// half is an ordinary change.
const guardFrom = 5

// Blocked is a plan that would delete more than it may. Nothing was changed.
type Blocked struct {
	Cause   string      // what the guard saw
	Objects []object.ID // what it saw that in, sorted
	// Allow is the number of deletions that would have to be allowed for the plan to go on; 0 if nothing allows it.
	Allow   int
	Leaving bool // the app goes, and there is no commit that could allow it
	Past    bool // the commit is an earlier one, which cannot say it any more
}

// Error says what would be deleted and how to allow it.
func (b *Blocked) Error() string {
	text := b.Cause + ": would delete " + few(b.Objects, 5, ", ", object.ID.String)
	if b.Allow == 0 {
		return text + "; to have it gone, delete it by hand"
	}
	if b.Leaving {
		return fmt.Sprintf("%s; to allow it, set allowPrune: %d in the config's entry of the app or of its folders, or delete them by hand", text, b.Allow)
	}
	if b.Past {
		return fmt.Sprintf("%s; to allow it, set allowPrune: %d for the app, or delete them by hand", text, b.Allow)
	}
	return fmt.Sprintf(`%s; to allow it, annotate an object of the commit with %s: "%d", set allowPrune: %d for the app, or delete them by hand`,
		text, AllowPruneAnnotation, b.Allow, b.Allow)
}

// guard refuses a plan whose deletions look like an accident, unless the commit or the app's config says that they are
// meant. What Kubernetes or Lockstep itself stands on is refused whatever they say.
func guard(plan *Plan, request Request) error {
	return terms{
		owned: len(request.Recorded), manifests: len(request.Manifests), leaving: request.Leaving, past: request.Past,
		returning: request.Returning && !request.Past, allowed: allowance(request),
	}.check(plan.Stale)
}

// terms are what deletions are held against.
type terms struct {
	owned     int  // objects on record
	manifests int  // objects in the commit
	leaving   bool // the app goes, and there is no commit
	past      bool // the commit is an earlier one
	returning bool // the objects came after the state that is to be live again: nobody has them by accident
	allowed   int  // deletions that pass whatever the guards think of them
}

func (t terms) check(stale []*Change) error {
	if refused := idsOf(stale, func(c *Change) bool { return isSystem(c.ID) }); len(refused) > 0 {
		return &Blocked{Cause: "an object of Kubernetes itself", Objects: refused}
	}
	if refused := idsOf(stale, func(c *Change) bool { return isLockstep(c.Before) }); len(refused) > 0 {
		return &Blocked{Cause: "an object of Lockstep itself", Objects: refused}
	}
	doomed := idsOf(stale, func(*Change) bool { return true })
	if len(doomed) <= t.allowed || t.returning && t.manifests > 0 {
		return nil
	}
	precious := idsOf(stale, func(c *Change) bool { return isPrecious(c.ID) })
	blocked := &Blocked{Objects: doomed, Allow: len(doomed), Leaving: t.leaving, Past: t.past}
	switch {
	case t.manifests == 0 && !t.leaving:
		blocked.Cause = "the commit has no objects"
	case t.owned >= guardFrom && 2*len(doomed) > t.owned && t.leaving:
		blocked.Cause = fmt.Sprintf("the app goes, and with it %d of %d objects", len(doomed), t.owned)
	case t.owned >= guardFrom && 2*len(doomed) > t.owned:
		blocked.Cause = fmt.Sprintf("the commit removes %d of %d objects", len(doomed), t.owned)
	case len(precious) > 0:
		blocked.Cause, blocked.Objects = "data goes with them", precious
	default:
		return nil
	}
	return blocked
}

// idsOf are those of the changes that are to be pruned and of which is true.
func idsOf(stale []*Change, is func(*Change) bool) []object.ID {
	var ids []object.ID
	for _, c := range stale {
		if c.Action == Pruned && is(c) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// isPrecious knows the kinds whose deletion takes other objects, or data, with them.
func isPrecious(id object.ID) bool {
	return isNamespace(id) || isCRD(id) || id.Group == "" && id.Kind == "PersistentVolumeClaim"
}

func isSystem(id object.ID) bool {
	namespace := id.Namespace
	if isNamespace(id) {
		namespace = id.Name
	}
	return namespace == "kube-system" || namespace == "kube-public" || namespace == "kube-node-lease"
}

// errRecord is about a manifest that would say what an app owns, or ask the daemon for what only those may who may write its
// records.
var errRecord = errors.New("a record that Lockstep itself keeps: take it out of git, or give it another name and type")

func isRecord(o *unstructured.Unstructured, app string) bool {
	kind, _, _ := unstructured.NestedString(o.Object, "type")
	return isSecret(o) && inventory.Reserved(app, o.GetName(), kind)
}

// isLockstep knows what Lockstep itself runs on: what its installation made, and inventories.
func isLockstep(live *unstructured.Unstructured) bool {
	if live == nil {
		return false
	}
	kind, _, _ := unstructured.NestedString(live.Object, "type")
	return live.GetLabels()["app.kubernetes.io/name"] == "lockstep" ||
		isSecret(live) && kind == string(inventory.SecretType)
}

// allowance is how many deletions the request lets through without a question.
func allowance(request Request) int {
	allowed := request.AllowPrune
	if request.Past {
		return allowed
	}
	for _, m := range request.Manifests {
		allowed = max(allowed, allows(m))
	}
	return allowed
}

// allows reads how many deletions the manifest's annotation allows. What is neither "true" nor a number allows none.
func allows(m manifest.Manifest) int {
	value := m.Object.GetAnnotations()[AllowPruneAnnotation]
	if value == "true" {
		return math.MaxInt
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		return 0
	}
	return n
}
