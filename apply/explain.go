package apply

import (
	"context"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// explain returns what the API server's refusal of c means, as an error of its own where there is one.
func (a *Applier) explain(ctx context.Context, c *Change, err error) error {
	switch {
	case err == nil:
		return nil
	case apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		err = a.terminating(ctx, c, err)
	default:
		err = a.immutable(ctx, c, conflictError(err))
	}
	return withoutSecrets(inPlainWords(err), c)
}

// TerminatingError says that objects are to go to a namespace that is being deleted.
type TerminatingError struct {
	Namespace string
	Waits     string // what holds it
	err       error
}

func (e *TerminatingError) Error() string {
	return "namespace " + e.Namespace + " is being deleted; " + e.Waits
}

func (e *TerminatingError) Unwrap() error { return e.err }

func (a *Applier) terminating(ctx context.Context, c *Change, err error) error {
	namespace := &Change{Version: "v1"}
	namespace.ID.Kind, namespace.ID.Name = "Namespace", c.ID.Namespace
	live, unread := a.fetch(ctx, namespace)
	if unread != nil || live == nil {
		return err
	}
	return &TerminatingError{Namespace: c.ID.Namespace, Waits: waits(live), err: err}
}
