package apply

import (
	"context"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// fetch reads the live object of c with all its content. It is nil if it is not there; a kind that the cluster does not
// serve has no objects.
func (a *Applier) fetch(ctx context.Context, c *Change) (*unstructured.Unstructured, error) {
	live := &unstructured.Unstructured{}
	live.SetGroupVersionKind(schema.GroupVersionKind{Group: c.ID.Group, Version: c.Version, Kind: c.ID.Kind})
	err := a.client.Get(ctx, client.ObjectKey{Namespace: c.ID.Namespace, Name: c.ID.Name}, live)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return live, nil
}
