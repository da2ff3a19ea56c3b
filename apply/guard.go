package apply

import (
	"fmt"
	"slices"

	"github.com/lockstep-dev/lockstep/apply/manifest"
	"github.com/lockstep-dev/lockstep/apply/object"
)

// guardFrom is the number of owned objects from which on a commit may not delete more than half of them: with fewer,
// half is an ordinary change.
const guardFrom = 5

// Blocked is a plan that would delete more than it may. Nothing was changed.
type Blocked struct {
	Cause   string      // what the guard saw
	Objects []object.ID // what would be deleted, sorted
}

// Error says what would be deleted and how to allow it.
func (b *Blocked) Error() string {
	return fmt.Sprintf("%s: would delete %s; to allow it, annotate an object of the commit with %s: \"true\", or delete them by hand",
		b.Cause, few(b.Objects, 5, ", ", object.ID.String), AllowPruneAnnotation)
}

// guard refuses a plan whose deletions look like an accident, unless the commit says that they are meant. What lives in
// Kubernetes' own namespaces is refused whatever the commit says.
func guard(plan *Plan, request Request) error {
	doomed := doomed(plan)
	if own := slices.DeleteFunc(slices.Clone(doomed), func(id object.ID) bool { return !isSystem(id) }); len(own) > 0 {
		return &Blocked{Cause: "an object of Kubernetes itself", Objects: own}
	}
	if len(doomed) == 0 || slices.ContainsFunc(request.Manifests, allows) {
		return nil
	}
	owned := len(request.Recorded)
	precious := slices.DeleteFunc(slices.Clone(doomed), func(id object.ID) bool { return !isPrecious(id) })
	switch {
	case len(request.Manifests) == 0 && !request.Leaving:
		return &Blocked{Cause: "the commit has no objects", Objects: doomed}
	case owned >= guardFrom && 2*len(doomed) > owned:
		return &Blocked{Cause: fmt.Sprintf("the commit removes %d of %d objects", len(doomed), owned), Objects: doomed}
	case len(precious) > 0:
		return &Blocked{Cause: "data goes with them", Objects: precious}
	}
	return nil
}

func doomed(plan *Plan) []object.ID {
	var ids []object.ID
	for _, c := range plan.Stale {
		if c.Action == Pruned {
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

func allows(m manifest.Manifest) bool {
	return m.Object.GetAnnotations()[AllowPruneAnnotation] == "true"
}
