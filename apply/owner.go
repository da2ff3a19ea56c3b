package apply

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// OwnedError says that another app of Lockstep applies the object. Nothing was written.
type OwnedError struct{ App string }

func (e *OwnedError) Error() string {
	return fmt.Sprintf("owned by the app %q: remove the object from one of the two", e.App)
}

// mayOwn refuses an object that carries another app's label: both write under one field manager, so the API server
// would not see them fight. One that the other has let go of is taken over as it is.
func (r Request) mayOwn(_ context.Context, c *Change) error {
	if c.seen == nil || c.Desired.GetAnnotations()[ReconcileAnnotation] == disabled {
		return nil
	}
	owner := c.seen.App
	if owner == "" || owner == r.App || r.MayTake != nil && r.MayTake(c.ID, owner) {
		return nil
	}
	return &OwnedError{App: owner}
}

// relabelled forgets the label of another app on an object that this one has on record, where no Lockstep has applied that
// label: somebody has written it by hand, which is drift like any other.
func (a *Applier) relabelled(app string) func(context.Context, *Change) error {
	return func(ctx context.Context, c *Change) error {
		if !c.recorded || c.seen == nil || c.seen.App == "" || c.seen.App == app {
			return nil
		}
		if err := a.readLive(ctx, c); err != nil || c.seen == nil {
			return err
		}
		if !ownedBy(c.Before, c.ID.Group, c.seen.App) {
			c.seen.App = ""
		}
		return nil
	}
}

// NamespaceError says that objects are to go to a namespace that does not exist and that the commit does not bring.
type NamespaceError struct {
	Name string
	err  error
}

func (e *NamespaceError) Error() string {
	return fmt.Sprintf("namespace %q does not exist: create it, add its manifest, or name another namespace", e.Name)
}

func (e *NamespaceError) Unwrap() error { return e.err }

// missingNamespace returns a [NamespaceError] in place of err if that is the cause of it: once, not for each object.
func missingNamespace(err error) error {
	status, ok := errors.AsType[*apierrors.StatusError](err)
	if !ok || !apierrors.IsNotFound(status) || status.ErrStatus.Details == nil || status.ErrStatus.Details.Kind != "namespaces" {
		return err
	}
	return &NamespaceError{Name: status.ErrStatus.Details.Name, err: err}
}
