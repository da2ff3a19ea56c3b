package apply

import (
	"context"
	"fmt"
	"time"

	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/wait"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// establishing is how long a new CustomResourceDefinition may take to be served before its objects are given up.
const establishing = 30 * time.Second

// served waits until the API server serves the kind that the definition c brings.
func (a *Applier) served(ctx context.Context, c *Change) error {
	if !isCRD(c.ID) || !c.writes() {
		return nil
	}
	crd := &unstructured.Unstructured{}
	crd.SetGroupVersionKind(apiextensionsv1.SchemeGroupVersion.WithKind("CustomResourceDefinition"))
	ctx, cancel := context.WithTimeoutCause(ctx, establishing, fmt.Errorf("not served %s after it was applied", establishing))
	defer cancel()
	err := wait.PollUntilContextCancel(ctx, 20*time.Millisecond, true, func(ctx context.Context) (bool, error) {
		err := a.client.Get(ctx, client.ObjectKey{Name: c.ID.Name}, crd)
		return err == nil && established(crd), client.IgnoreNotFound(err)
	})
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// patchServed applies c. The API server may call a definition established a moment before all of it serves the kind, or
// before its discovery has it: where this very plan has brought it, that is waited for.
func (a *Applier) patchServed(ctx context.Context, c *Change) (live *unstructured.Unstructured, err error) {
	live, err = a.patch(ctx, c, c.Desired)
	if !c.deferred || !unserved(err) {
		return live, err
	}
	waiting, cancel := context.WithTimeout(ctx, establishing)
	defer cancel()
	_ = wait.PollUntilContextCancel(waiting, 20*time.Millisecond, false, func(ctx context.Context) (bool, error) {
		live, err = a.patch(ctx, c, c.Desired)
		return !unserved(err), nil
	})
	return live, err
}

// unserved tells that there is no such kind, as opposed to no such object.
func unserved(err error) bool {
	return meta.IsNoMatchError(err) || apierrors.IsNotFound(err) && apierrors.HasStatusCause(err, metav1.CauseTypeUnexpectedServerResponse)
}

func established(crd *unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(crd.Object, "status", "conditions")
	for _, one := range conditions {
		if c, ok := one.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
			return true
		}
	}
	return false
}
