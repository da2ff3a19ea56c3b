package apply

import (
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// The managers under which kubectl applies a manifest. What they own is the manifest, and goes to Lockstep whole, so that
// fields that git's manifest does not have go, as they would with kubectl apply. Its other commands (create, edit,
// scale, rollout restart, ...) own what one person once set; of that Lockstep takes only what git's manifest has, too.
const (
	clientSide  = "kubectl-client-side-apply" // an Update
	serverSide  = "kubectl"                   // an Apply
	noteOfApply = "kubectl-last-applied"      // an Apply of the annotation alone
	// asUpdate is the name of kubectl's server-side entry while it is made an Update: all that csaupgrade moves.
	asUpdate = "kubectl-server-side-apply"
)

func applies(entry metav1.ManagedFieldsEntry) bool {
	return entry.Subresource == "" && (entry.Manager == clientSide && entry.Operation == metav1.ManagedFieldsOperationUpdate ||
		entry.Operation == metav1.ManagedFieldsOperationApply && (entry.Manager == serverSide || entry.Manager == noteOfApply))
}

// ownedByKubectl reports whether kubectl has left anything on live for Lockstep to take over.
func ownedByKubectl(live *unstructured.Unstructured) bool {
	_, noted := live.GetAnnotations()[lastApplied]
	return noted || slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return isKubectl(entry.Manager)
	})
}

// sharesWithKubectl reports whether live has fields of those of kubectl's commands that do not apply manifests.
func sharesWithKubectl(live *unstructured.Unstructured) bool {
	return slices.ContainsFunc(live.GetManagedFields(), func(entry metav1.ManagedFieldsEntry) bool {
		return isKubectl(entry.Manager) && !applies(entry)
	})
}

// withoutKubectl returns the managers of live as they are once Lockstep has taken over: kubectl's manifest is Lockstep's,
// and of what else is kubectl's, the fields in ours are. Managers that are not kubectl's are as they were.
func withoutKubectl(live *unstructured.Unstructured, ours *fieldpath.Set) ([]metav1.ManagedFieldsEntry, error) {
	after := live.DeepCopy()
	var entries []metav1.ManagedFieldsEntry
	for _, entry := range after.GetManagedFields() {
		switch {
		case applies(entry) && entry.Manager == noteOfApply:
			continue
		case applies(entry) && entry.Manager == serverSide:
			entry.Manager, entry.Operation = asUpdate, metav1.ManagedFieldsOperationUpdate
		case isKubectl(entry.Manager) && !applies(entry):
			left, err := subtract(entry, ours)
			if err != nil {
				return nil, err
			}
			if left.Empty() {
				continue
			}
		}
		entries = append(entries, entry)
	}
	after.SetManagedFields(entries)
	err := csaupgrade.UpgradeManagedFields(after, sets.New(clientSide, asUpdate), FieldManager)
	return after.GetManagedFields(), err
}

// subtract takes fields out of the entry, and returns what is left in it.
func subtract(entry metav1.ManagedFieldsEntry, fields *fieldpath.Set) (*fieldpath.Set, error) {
	set, err := fieldsOf(entry)
	if err != nil {
		return nil, err
	}
	left := set.Difference(fields)
	text, err := left.ToJSON()
	if err == nil {
		entry.FieldsV1.SetRawBytes(text)
	}
	return left, err
}

func fieldsOf(entry metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := &fieldpath.Set{}
	if entry.FieldsV1 == nil {
		return set, nil
	}
	return set, set.FromJSON(entry.FieldsV1.GetRawReader())
}

// appliedSet is what Lockstep has applied of o.
func appliedSet(o *unstructured.Unstructured) (*fieldpath.Set, error) {
	for _, entry := range o.GetManagedFields() {
		if entry.Manager == FieldManager && entry.Operation == metav1.ManagedFieldsOperationApply && entry.Subresource == "" {
			return fieldsOf(entry)
		}
	}
	return &fieldpath.Set{}, nil
}
