package apply

import (
	"context"
	"encoding/json"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// lastApplied is where kubectl's client-side apply keeps the manifest that it has applied.
const lastApplied = "kubectl.kubernetes.io/last-applied-configuration"

// takeOver gives what kubectl owns of c's object to Lockstep, before Lockstep applies the object for the first time.
// Otherwise kubectl would stay an owner beside Lockstep of every field that both have applied, and a field that leaves
// git later would stay on the object.
//
// It is one PATCH of the object's metadata, which the apply follows. A daemon that is killed in between leaves an object
// that has not changed, and that the next apply changes as this one would have. An object that this app has applied
// before is not looked at: what somebody does to it with kubectl is drift.
func (a *Applier) takeOver(ctx context.Context, c *Change) error {
	if c.recorded || c.Action != Configured {
		return nil
	}
	live, err := c.Before, error(nil)
	return retry.RetryOnConflict(retry.DefaultRetry, func() error {
		if live == nil {
			if live, err = a.fetch(ctx, c); live == nil || err != nil {
				return err
			}
		}
		err := a.disown(ctx, c, live)
		if apierrors.IsConflict(err) {
			live = nil // it has changed since
		}
		return err
	})
}

// disown takes from kubectl what it owns of live.
func (a *Applier) disown(ctx context.Context, c *Change, live *unstructured.Unstructured) error {
	if !ownedByKubectl(live) {
		return nil
	}
	ours := &fieldpath.Set{}
	if sharesWithKubectl(live) {
		rehearsed, err := a.patch(ctx, c, c.Desired, client.DryRunAll)
		if err != nil {
			return err
		}
		if ours, err = appliedSet(rehearsed); err != nil {
			return err
		}
	}
	managers, err := withoutKubectl(live, ours)
	if err != nil {
		return fmt.Errorf("take over from kubectl: %w", err)
	}
	patch, err := metadataPatch(live, managers)
	if err != nil {
		return err
	}
	return a.client.Patch(ctx, live.DeepCopy(), client.RawPatch(types.JSONPatchType, patch))
}

// metadataPatch sets the managers of live, and takes kubectl's annotation off, as long as live is as it was read. The
// version is replaced, not tested, so that the answer is a conflict when it is not.
func metadataPatch(live *unstructured.Unstructured, managers []metav1.ManagedFieldsEntry) ([]byte, error) {
	if len(managers) == 0 {
		managers = []metav1.ManagedFieldsEntry{{}} // how the API server is told that there are none
	}
	operations := []map[string]any{
		{"op": "replace", "path": "/metadata/resourceVersion", "value": live.GetResourceVersion()},
		{"op": "replace", "path": "/metadata/managedFields", "value": managers},
	}
	if _, has := live.GetAnnotations()[lastApplied]; has {
		operations = append(operations, map[string]any{
			"op": "remove", "path": "/metadata/annotations/kubectl.kubernetes.io~1last-applied-configuration",
		})
	}
	return json.Marshal(operations)
}
